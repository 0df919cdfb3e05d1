import Failures
import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Client

/// A response that a scrape hands to its stream arrives at the proxy whole and ended, or cut and never ended; the scrape hears once that it has
/// gone out, or that nobody wants it.
@Suite(.computes) struct TunnelSinkWalkTests {
    @Test("Whatever a target sends, and whatever the proxy takes of it and when: whole and ended, or not ended")
    func walk() throws {
        var ways: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            // Far apart: the numbers of neighbours are the same, but for one.
            let walk = try SinkWalk(Seeded(seed &* 1_000_003))
            for _ in 0..<200 {
                try walk.step()
            }
            ways.insert(try walk.finish())
        }
        #expect(ways.isSuperset(of: ["delivered", "failed", "cut", "cancelled", "unwanted"]))
    }
}

private final class SinkWalk: TunnelOutlet, ResponseSinkDelegate {
    var random: Seeded
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var client: ClientEnd
    private var proxy: ProxyEnd
    private let stream: TunnelStreamID
    private var sink: TunnelSink?
    private var toProxy = ByteBuffer()
    private var toClient = ByteBuffer()

    /// What the target sent, the head as the proxy is to have it first.
    private var sent = ByteBuffer()
    private var hasHead = false
    private var isEnded = false
    private var hasFailed = false
    private var wasCancelled = false
    private var closed: [String?] = []
    private var isWaiting = false

    private var received = ByteBuffer()
    private var held = 0
    private var proxySaw: String?

    init(_ random: Seeded) throws {
        self.random = random
        let hello = Hello(names: [try #require(FQDN("a"))], streams: 1)
        client = ClientEnd(TunnelSettings(), hello: hello, at: now)
        proxy = ProxyEnd(TunnelSettings(), at: now)
        if let output = client.takeOutput(atMost: .max) { proxy.received(output, at: now) }
        _ = proxy.next(at: now)
        proxy.welcome(refused: [], at: now)
        let opened = proxy.open(.scrape, milliseconds: 1, at: now) { $0.writeString("x") }
        stream = try #require(opened)
        if let output = proxy.takeOutput(atMost: .max) { client.received(output, at: now) }
        while client.next(at: now) != nil {}
        let sink = TunnelSink(stream, of: self)
        sink.delegate = self
        self.sink = sink
    }

    // MARK: TunnelOutlet, ResponseSinkDelegate

    func pendingBytes(of stream: TunnelStreamID) -> Int { client.waiting(stream) }
    func send(_ bytes: ByteBuffer, on stream: TunnelStreamID) { client.send(stream, bytes) }
    func end(_ stream: TunnelStreamID) { client.end(stream) }

    func fail(_ stream: TunnelStreamID, _ failure: FailureKind, _ text: String) {
        client.fail(stream, failure, text)
    }

    func sinkBegan() {}
    func sinkWantsMore() { isWaiting = false }
    func sinkClosed(error: String?) { closed.append(error) }

    // MARK: Steps

    private var isOver: Bool { isEnded || hasFailed || wasCancelled || !closed.isEmpty }

    func step() throws {
        guard let sink else { return }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30 where !isOver && (!isWaiting || Int.random(in: 0..<9, using: &random) == 0):
            if !hasHead { try begin(sink) }
            for _ in 0..<Int.random(in: 0...3, using: &random) where sent.readableBytes < 150_000 {
                let count = Int.random(in: 0...1, using: &random) == 0 ? 10 : 30_000
                let slice = ByteBuffer(repeating: UInt8.random(in: 0...255, using: &random), count: count)
                sent.writeImmutableBuffer(slice)
                sink.write(slice)
            }
            sink.flush()
            isWaiting = !sink.wantsMore
        case 30 where !isOver && hasHead:
            isEnded = true
            sink.end()
        case 31 where !isOver:
            hasFailed = true
            sink.fail(.targetBroken, "x", deadline: now)
        case 32 where closed.isEmpty && !hasFailed && !wasCancelled && Bool.random(using: &random):
            wasCancelled = true
            sink.cancel()
        case 33 where proxySaw == nil && Bool.random(using: &random):
            proxySaw = "gave up"
            proxy.reset(stream)
        case 34..<60: try move()
        case 60..<75:
            let count = Int.random(in: 0...held, using: &random)
            held -= count
            proxy.passedOn(stream, count, at: now)
        default: try settle()
        }
        try #require(closed.count <= 1, "closed twice")
    }

    private func begin(_ sink: TunnelSink) throws {
        hasHead = true
        var head = ByteBuffer(string: "HTTP/1.1 200 OK\r\nA: b\r\nId: own\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 1_000)
        sink.begin(try #require(try ResponseHead.parse(&head, with: &parser)), isChunked: false, deadline: now)
        sent.writeString("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")
    }

    /// Some of what is under way arrives.
    private func move() throws {
        if let output = client.takeOutput(atMost: Int.random(in: 1...40_000, using: &random)) {
            toProxy.writeImmutableBuffer(output)
        }
        if let output = proxy.takeOutput(atMost: .max) { toClient.writeImmutableBuffer(output) }
        let count = Int.random(in: 0...toProxy.readableBytes, using: &random)
        if count > 0, let part = toProxy.readSlice(length: count) { proxy.received(part, at: now) }
        if let part = toClient.readSlice(length: toClient.readableBytes), part.readableBytes > 0 {
            client.received(part, at: now)
        }
    }

    private func settle() throws {
        while let event = proxy.next(at: now) {
            switch event {
            case .data(_, let bytes):
                try #require(proxySaw == nil, "bytes behind the end")
                received.writeImmutableBuffer(bytes)
                held += bytes.readableBytes
            case .ended: proxySaw = "ended"
            case .reset: proxySaw = "reset"
            default: break
            }
        }
        while let event = client.next(at: now) {
            switch event {
            case .reset: sink?.reset("unwanted")
            case .wantsMore: sink?.becameHungry()
            case .closed(let how): Issue.record("the tunnel ended: \(how.explanation)")
            default: break
            }
        }
        if isEnded, closed.isEmpty, !wasCancelled, !client.isSending(stream) { sink?.finished() }
    }

    /// Lets all of it come to its end.
    ///
    /// - Returns: how that was.
    func finish() throws -> String {
        if !isOver {
            hasFailed = true
            sink?.fail(.targetTimeout, "x", deadline: now)
        }
        for _ in 0..<2_000 where toProxy.readableBytes > 0 || proxySaw == nil || closed.isEmpty && !wasCancelled {
            try move()
            try settle()
            proxy.passedOn(stream, held, at: now)
            held = 0
        }
        try #require(sent.readableBytesView.starts(with: received.readableBytesView), "other bytes than were sent")
        if wasCancelled {
            try #require(closed.isEmpty, "a sink that was cancelled goes on talking")
            try #require(proxySaw != "ended" || isEnded, "what was cancelled looks whole")
            return "cancelled"
        }
        try #require(closed.count == 1, "the scrape never hears of its sink")
        if proxySaw == "gave up" { return "unwanted" }
        if proxySaw == "ended" {
            try #require(received == sent && isEnded && !hasFailed, "ended without all there was")
            try #require(closed == [nil], "what arrived is told to be lost")
            return "delivered"
        }
        try #require(proxySaw == "reset" && hasFailed, "cut without a failure")
        return received.readableBytes == 0 ? "failed" : "cut"
    }
}
