import NIOCore
import TestKit
import Testing
import Wire

@testable import Proxy

@Suite struct PushFlowTests {
    private let id = ScrapeID()

    /// A flow whose scrape is found, with what its head's read gave.
    private func found(_ message: String) throws -> PushFlow {
        var flow = PushFlow(maxHeadBytes: 65_536)
        #expect(flow.bytesArrived(ByteBuffer(string: message)).question == id)
        #expect(flow.status == 200)
        #expect(flow.scrapeFound(isHead: false).runsClock == false)
        return flow
    }

    @Test("A response in chunks of one byte goes on in few pieces, and counts for what it keeps in memory")
    func tiny() throws {
        var flow = try found("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nId: \(id)\r\n\r\n")
        _ = flow.batchEnded()
        _ = flow.bytesArrived(ByteBuffer(string: String(repeating: "1\r\nx\r\n", count: 20_000)))
        let part = try #require(flow.batchEnded().part)
        #expect(part.body.count == 1)
        #expect(part.bodyBytes == 20_000)
        #expect(part.heldBytes < 100_000)
    }

    @Test("Slices of one byte are copied together, also between large ones; a single small one is not")
    func slices() throws {
        var part = RelayPart()
        let large = ByteBuffer(repeating: 1, count: 4_096)
        let read = ByteBuffer(repeating: 2, count: 131_072)
        for index in 0..<1_000 { part.add(try #require(read.getSlice(at: index, length: 1))) }
        part.add(large)
        for index in 0..<1_000 { part.add(try #require(read.getSlice(at: index, length: 1))) }
        #expect(part.body.map(\.readableBytes) == [1_000, 4_096, 1_000])
        #expect(part.heldBytes <= 131_072 + 4_000)
        var single = RelayPart()
        single.add(try #require(read.getSlice(at: 0, length: 1)))
        #expect(single.body[0].storageCapacity == read.storageCapacity)
        #expect(single.heldBytes == read.storageCapacity)
    }

    @Test(
        "A client that closes while its push is held back: what is whole within a bound arrives, what is longer has broken off"
    )
    func closedWhilePaused() throws {
        for (size, isWhole) in [(600_000, true), (4_000_000, false)] {
            var flow = try found("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\nId: \(id)\r\n\r\n")
            var left = size
            var parts: [RelayPart] = []
            var failure: PushFlow.Failure?
            // Nothing is ever relayed, and the system gives all there is.
            while left > 0, failure == nil {
                let step = flow.bytesArrived(ByteBuffer(repeating: 1, count: min(left, 131_072)))
                left -= min(left, 131_072)
                failure = step.failure
                if let part = flow.batchEnded().part { parts.append(part) }
            }
            #expect(parts.reduce(0) { $0 + $1.heldBytes } <= PushFlow.most)
            #expect(failure?.kind == (isWhole ? nil : .pushBroken))
            #expect((parts.last?.isLast == true) == isWhole)
            #expect(flow.connectionLost().failure == nil)
        }
    }

    @Test("A push that is lost inside its head fails the scrape that it names")
    func lostInHead() {
        var flow = PushFlow(maxHeadBytes: 65_536)
        #expect(flow.bytesArrived(ByteBuffer(string: "HTTP/1.1 200 OK\r\nId: \(id)\r\nContent-")).question == nil)
        let failure = flow.connectionLost().failure
        #expect(failure?.scrape == id)
        #expect(failure?.kind == .pushBroken)
        #expect(failure?.isSalvaged == true)
    }
}
