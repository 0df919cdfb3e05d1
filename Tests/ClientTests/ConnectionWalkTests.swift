import Glibc
import NIOCore
import NIOEmbedded
import NIOPosix
import TestKit
import Testing
import Wire

@testable import Client

/// Every byte of a response that arrived was handed over, in order; the exchange ended once, well when the whole response had come
/// and not otherwise; and only a connection on which nothing is left over is used again.
@Suite struct ConnectionWalkTests {
    @Test(
        "However a response is framed, cut and broken off: its bytes come over, and its end is told from a break",
        arguments: 0..<40 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var random = Seeded(seed)
        var outcomes: Set<String> = []
        for _ in 0..<50 {
            let loop = EmbeddedEventLoop()
            let client = OutboundClient(
                loop: loop, tls: ClientTLS(context: nil), environment: .none)
            let connection = OutboundConnection(route: client.route(isHTTPS: false, host: "a", port: 1), client: client)
            let channel = EmbeddedChannel(handler: connection, loop: loop)
            try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            // As many exchanges as the connection lives for.
            for _ in 0..<5 where connection.isOpen {
                outcomes.insert(exchange(on: connection, client, channel, &random))
            }
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }
        #expect(outcomes.isSuperset(of: ["whole", "broken", "early"]))
    }

    private func exchange(
        on connection: OutboundConnection, _ client: OutboundClient, _ channel: EmbeddedChannel, _ random: inout Seeded
    ) -> String {
        let isHead = Int.random(in: 0..<10, using: &random) == 0
        let chunks: BodyDecoder.ChunkTreatment = Bool.random(using: &random) ? .kept : .removed
        let response = Response(isHead: isHead, chunks: chunks, &random)
        let isStreamed = Int.random(in: 0..<10, using: &random) == 0
        let log = ExchangeLog()
        let exchange = OutboundExchange(
            client, route: connection.route, requestHead: ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"),
            requestBody: isStreamed ? .streamed : .complete([]), isHead: isHead, chunks: chunks, delegate: log)
        connection.begin(exchange, wasKept: false)

        // What comes may end early, or have something behind it.
        var bytes = response.bytes
        let isCut = Int.random(in: 0..<4, using: &random) == 0
        if isCut { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
        let hasSurplus = !isCut && !response.endsWithConnection && Int.random(in: 0..<6, using: &random) == 0
        if hasSurplus { bytes += Array("x".utf8) }

        var arrived = 0
        while arrived < bytes.count, connection.isOpen {
            let end = min(bytes.count, arrived + Int.random(in: 1...700, using: &random))
            channel.pipeline.syncOperations.fireChannelRead(NIOAny(ByteBuffer(bytes: bytes[arrived..<end])))
            arrived = end
            if Bool.random(using: &random) { channel.pipeline.syncOperations.fireChannelReadComplete() }
            // Whole or not, what arrived so far was handed over.
            #expect(log.body.starts(with: response.content(of: arrived)))
            if Int.random(in: 0..<200, using: &random) == 0, !log.hasEnded {
                exchange.cancel()
                #expect(!connection.isOpen && log.ends == 0)
                return "cancelled"
            }
        }
        let isWhole = arrived >= response.wholeFrom
        if !log.hasEnded, Bool.random(using: &random) {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
            #expect(log.failures == 1 && log.wholes == 0, "a reset passes for an end")
        } else if !log.hasEnded {
            channel.close(promise: nil)
            #expect(log.wholes == (isWhole ? 1 : 0) && log.failures == (isWhole ? 0 : 1))
        } else {
            #expect(log.wholes == 1 && log.failures == 0)
            let mayGoOn = response.keepsAlive && !isStreamed && !hasSurplus
            #expect(connection.isOpen == mayGoOn)
            channel.pipeline.syncOperations.fireChannelReadComplete()
        }
        #expect(log.body == response.content(of: arrived))
        if log.wholes == 1 { #expect(isWhole && log.heads == 1) }
        return log.failures == 1 ? "broken" : isStreamed ? "early" : "whole"
    }
}

/// A response, and which of its bytes are content.
private struct Response {
    let bytes: [UInt8]
    let keepsAlive: Bool
    /// Whether the end of the connection is its end.
    let endsWithConnection: Bool
    /// Offsets of the bytes that an exchange hands over.
    private let contentOffsets: [Int]
    /// With so many bytes nothing shows that any are missing.
    let wholeFrom: Int

    init(isHead: Bool, chunks: BodyDecoder.ChunkTreatment, _ random: inout Seeded) {
        var text = ""
        for _ in 0..<Int.random(in: 0...2, using: &random) { text += "HTTP/1.1 103 Early\r\nA: b\r\n\r\n" }
        let closes = Int.random(in: 0..<4, using: &random) == 0
        let framing = Int.random(in: 0..<4, using: &random)
        let count = Int.random(in: 0...3, using: &random) == 0 ? 0 : Int.random(in: 0...3_000, using: &random)
        text += framing == 3 ? "HTTP/1.1 204 No\r\n" : "HTTP/1.1 200 OK\r\n"
        if closes { text += "Connection: close\r\n" }
        if framing == 0 { text += "Content-Length: \(count)\r\n" }
        if framing == 1 { text += "Transfer-Encoding: chunked\r\n" }
        var bytes = Array((text + "\r\n").utf8)
        var offsets: [Int] = []
        endsWithConnection = framing == 2 && !isHead
        keepsAlive = !closes && !endsWithConnection
        var left = isHead || framing == 3 ? 0 : count
        func put(_ more: [UInt8], isContent: Bool) {
            if isContent { offsets += bytes.count..<(bytes.count + more.count) }
            bytes += more
        }
        if framing == 1 && !isHead {
            let keeps = chunks == .kept
            while left > 0 {
                let size = Int.random(in: 1...left, using: &random)
                left -= size
                let mark = Bool.random(using: &random) ? ";a=b" : ""
                put(Array("\(String(size, radix: 16))\(mark)\r\n".utf8), isContent: keeps)
                put((0..<size).map { UInt8(truncatingIfNeeded: $0) }, isContent: true)
                put(Array("\r\n".utf8), isContent: keeps)
            }
            put(Array("0\r\n\(Bool.random(using: &random) ? "T: u\r\n" : "")\r\n".utf8), isContent: keeps)
        } else {
            put((0..<left).map { UInt8(truncatingIfNeeded: $0 &* 7) }, isContent: true)
        }
        self.bytes = bytes
        wholeFrom = endsWithConnection ? bytes.count - offsets.count : bytes.count
        contentOffsets = offsets
    }

    /// The content in so many bytes of the response.
    func content(of count: Int) -> [UInt8] { contentOffsets.prefix { $0 < count }.map { bytes[$0] } }
}

/// What an exchange told.
private final class ExchangeLog: ExchangeDelegate {
    var heads = 0
    var body: [UInt8] = []
    var wholes = 0
    var failures = 0

    var ends: Int { wholes + failures }
    var hasEnded: Bool { ends > 0 }

    func exchangeOpened(_ exchange: OutboundExchange) {}
    func exchange(_ exchange: OutboundExchange, received head: ResponseHead) {
        #expect(!hasEnded && heads == 0)
        heads += 1
    }
    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer) {
        #expect(!hasEnded && heads == 1)
        self.body += Array(body.readableBytesView)
    }
    func exchangeReadBatchEnded(_ exchange: OutboundExchange) { #expect(!hasEnded) }
    func exchangeBecameWritable(_ exchange: OutboundExchange) {}
    func exchangeEnded(_ exchange: OutboundExchange) { wholes += 1 }
    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure) { failures += 1 }
}
