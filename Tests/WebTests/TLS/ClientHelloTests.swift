import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import Web

@Suite struct ClientHelloTests {
    /// What a client of NIOSSL's sends first.
    static func real(host: String? = "Edge-1.example") throws -> ByteBuffer {
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let channel = EmbeddedChannel(handler: try NIOSSLClientHandler(context: context, serverHostname: host))
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let hello = try channel.readOutbound(as: ByteBuffer.self)
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return try #require(hello)
    }

    @Test("A ClientHello is complete with its last byte, and says whom the client wants")
    func complete() throws {
        let hello = try Self.real()
        let bytes = hello.readableBytesView
        for count in 0..<bytes.count {
            #expect(ClientHello.look(at: bytes.prefix(count)) == .incomplete, "after \(count) bytes")
        }
        #expect(ClientHello.look(at: bytes) == .complete(ClientHello(serverName: "edge-1.example")))
        #expect(
            ClientHello.look(at: try Self.real(host: nil).readableBytesView) == .complete(ClientHello(serverName: nil)))
    }

    @Test("A ClientHello may come in several records", arguments: [1, 2, 3, 100])
    func fragments(size: Int) throws {
        var hello = try Self.real()
        hello.moveReaderIndex(forwardBy: 5)
        var records = ByteBuffer()
        while let piece = hello.readSlice(length: min(size, hello.readableBytes)), piece.readableBytes > 0 {
            records.writeBytes([22, 3, 1])
            records.writeInteger(UInt16(piece.readableBytes))
            records.writeImmutableBuffer(piece)
        }
        #expect(
            ClientHello.look(at: records.readableBytesView) == .complete(ClientHello(serverName: "edge-1.example")))
    }

    @Test(
        "A request in plain text is told from TLS by its first byte",
        arguments: ["G", "GET / HTTP/1.1\r\n", "CONNECT a:1"])
    func plain(text: String) {
        #expect(ClientHello.look(at: ByteBuffer(string: text).readableBytesView) == .http)
    }

    @Test(
        "What no TLS client sends is none, as soon as that shows",
        arguments: [
            [0x80, 0x2E, 1], [21, 3, 1, 0, 2, 1, 0], [22, 2], [22, 3, 1, 0, 0], [22, 3, 1, 0xFF, 0xFF], [0],
            [22, 3, 1, 0, 1, 2], Array("ssh".utf8),
        ] as [[UInt8]])
    func other(bytes: [UInt8]) {
        #expect(ClientHello.look(at: ByteBuffer(bytes: bytes).readableBytesView) == .notTLS)
    }

    @Test("One that never ends is given up")
    func endless() {
        var records = ByteBuffer()
        var pieces = 0
        while ClientHello.look(at: records.readableBytesView) == .incomplete {
            // A message of 16 MB, in records of a kilobyte.
            let body = pieces == 0 ? [1, 0xFF, 0xFF, 0xFF] : [UInt8](repeating: 0, count: 1024)
            records.writeBytes([22, 3, 1])
            records.writeInteger(UInt16(body.count))
            records.writeBytes(body)
            pieces += 1
        }
        #expect(ClientHello.look(at: records.readableBytesView) == .notTLS)
        #expect(pieces < 50)
    }
}
