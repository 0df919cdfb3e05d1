import NIOCore
import NIOSSL

import struct Glibc.linger

@testable import Client

/// The other end of one of the client's connections: bytes in, bytes out, under the test's control.
final class Peer: Sendable {
    /// How the client ended its side.
    enum End: Sendable, Equatable { case closed, cut }

    /// What arrives, as it arrives.
    enum Event: Sendable {
        case bytes(ByteBuffer)
        case end(End)
    }

    struct Ended: Error { let end: End }

    private let channel: any Channel
    private let events: Inbox<Event>
    private let rest = Box(ByteBuffer())

    init(channel: any Channel, events: Inbox<Event>) {
        self.channel = channel
        self.events = events
    }

    /// Reads to the end of a head; the head without its empty line.
    func readHead() async throws -> String {
        while true {
            let text = String(buffer: rest.value)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                rest.change { $0.moveReaderIndex(forwardBy: head.utf8.count + 4) }
                return head
            }
            try await readMore()
        }
    }

    /// Reads exactly so many bytes.
    func read(_ count: Int) async throws -> [UInt8] {
        while rest.value.readableBytes < count { try await readMore() }
        return rest.change { $0.readBytes(length: count) ?? [] }
    }

    /// Whatever comes next; what came already first.
    func readSome() async throws -> ByteBuffer {
        if rest.value.readableBytes == 0 { try await readMore() }
        return rest.change { bytes in
            defer { bytes = ByteBuffer() }
            return bytes
        }
    }

    /// Reads a body as the head frames it; what there is of it when the client ends early.
    func readBody(after head: String) async throws -> (bytes: [UInt8], isComplete: Bool) {
        var content: [UInt8] = []
        do {
            if let length = Self.value("Content-Length", in: head).flatMap({ Int($0) }) {
                while content.count < length {
                    if rest.value.readableBytes == 0 { try await readMore() }
                    content += rest.change { $0.readBytes(length: min($0.readableBytes, length - content.count)) ?? [] }
                }
            } else if Self.value("Transfer-Encoding", in: head) == "chunked" {
                while true {
                    let size = Int(try await readLine(), radix: 16) ?? 0
                    if size == 0 {
                        _ = try await readLine()
                        break
                    }
                    content += try await read(size)
                    _ = try await readLine()
                }
            }
            return (content, true)
        } catch is Ended {
            return (content, false)
        }
    }

    /// Waits until the client ends the connection; whatever comes before is dropped.
    func readToEnd() async -> End {
        while let event = await events.next() {
            if case .end(let end) = event { return end }
        }
        return .closed
    }

    func write(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }
    func write(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// Writes without waiting for the bytes to leave.
    func post(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func post(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    /// Sends no more, and reads on.
    func endOutput() async throws { try await channel.close(mode: .output).get() }

    func close() async { try? await channel.close().get() }

    /// Cuts the connection: what has not left yet is thrown away, and the client is sent a reset.
    func cut() async {
        guard let provider = channel as? any SocketOptionProvider else { return }
        try? await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    /// Stops reading, as a peer that has stalled, or goes on.
    func setReading(_ isReading: Bool) async throws { try await channel.setOption(.autoRead, value: isReading).get() }

    /// The serial number of the certificate that the client has shown; `nil` without one.
    func shownSerialNumber() async throws -> [UInt8]? {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self).peerCertificate?.serialNumber
        }.get()
    }

    /// Writes a text and speaks TLS from then on, as a server.
    func write(_ text: String, thenTLS context: NIOSSLContext) async throws {
        try await channel.eventLoop.submit { [channel] in
            // In one go: the client's answer must not arrive in between.
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context), position: .first)
        }.get()
    }

    private func readLine() async throws -> String {
        while true {
            let text = String(buffer: rest.value)
            if let end = text.firstRange(of: "\r\n") {
                let line = String(text[..<end.lowerBound])
                rest.change { $0.moveReaderIndex(forwardBy: line.utf8.count + 2) }
                return line
            }
            try await readMore()
        }
    }

    private func readMore() async throws {
        switch await events.next() {
        case .bytes(var bytes): rest.change { _ = $0.writeBuffer(&bytes) }
        case .end(let end): throw Ended(end: end)
        case nil: throw Ended(end: .closed)
        }
    }

    static func value(_ name: String, in head: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return parts[1].trimmingPrefix(" ").description
            }
        }
        return nil
    }
}
