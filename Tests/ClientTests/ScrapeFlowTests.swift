import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct ScrapeFlowTests {
    private func head() throws -> ResponseHead {
        var buffer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 1_000)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x78, count: count) }

    private func words(_ actions: [ScrapeFlow.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .readTarget: "read"
            case .pushWhole(_, let parts): "push whole \(parts.reduce(0) { $0 + $1.readableBytes })"
            case .openPush: "open push"
            case .writePush(let bytes): "write \(bytes.readableBytes)"
            case .flushPush: "flush"
            case .finishPush: "finish"
            case .report(let failure, _): "report \(failure.rawValue)"
            case .abandonTarget: "abandon target"
            case .abandonPush: "abandon push"
            case .conclude(let conclusion):
                "end \(conclusion.failure?.rawValue ?? "well")" + (conclusion.pushError == nil ? "" : ", push failed")
            }
        }
    }

    /// A flow whose push is being streamed.
    private func streaming() throws -> ScrapeFlow {
        var flow = ScrapeFlow()
        _ = flow.headArrived(try head())
        _ = flow.bodyArrived(bytes(ScrapeFlow.headStart + 1))
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["open push"])
        #expect(words(flow.pushOpened()) == ["write \(ScrapeFlow.headStart + 1)", "flush", "read"])
        return flow
    }

    @Test("A short response is held back and pushed whole")
    func short() throws {
        var flow = ScrapeFlow()
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["read"])
        #expect(words(flow.headArrived(try head())) == [])
        #expect(words(flow.bodyArrived(bytes(ScrapeFlow.headStart))) == [])
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["read"])
        #expect(words(flow.responseEnded()) == ["push whole \(ScrapeFlow.headStart)"])
        #expect(words(flow.pushAnswered(status: 200)) == ["end well"])
    }

    @Test("A long response is streamed, and the target is read only while the push takes more")
    func long() throws {
        var flow = try streaming()
        #expect(words(flow.bodyArrived(bytes(5))) == ["write 5"])
        #expect(words(flow.readBatchEnded(pushIsWritable: true)) == ["flush", "read"])
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["flush"])
        #expect(words(flow.pushBecameWritable()) == ["read"])
        #expect(words(flow.pushBecameWritable()) == [])
        #expect(words(flow.responseEnded()) == ["finish"])
        #expect(words(flow.pushAnswered(status: 200)) == ["end well"])
    }

    @Test("A target that fails before the push is reported, and cuts the push afterwards")
    func targetFails() throws {
        var early = ScrapeFlow()
        #expect(words(early.targetFailed(.targetUnreachable, "x")) == ["report target_unreachable"])
        #expect(words(early.pushAnswered(status: 200)) == ["end target_unreachable"])

        var opening = ScrapeFlow()
        _ = opening.headArrived(try head())
        _ = opening.bodyArrived(bytes(ScrapeFlow.headStart + 1))
        _ = opening.readBatchEnded(pushIsWritable: false)
        #expect(words(opening.targetFailed(.targetBroken, "x")) == ["abandon push", "report target_broken"])

        var late = try streaming()
        #expect(words(late.targetFailed(.targetBroken, "x")) == ["abandon push", "end target_broken"])
    }

    @Test("The target's limit is reported while it can be; the scrape's own ends everything")
    func limits() throws {
        var waiting = ScrapeFlow()
        #expect(words(waiting.limitPassed(.target)) == ["abandon target", "report target_timeout"])
        #expect(words(waiting.limitPassed(.target)) == [])
        #expect(words(waiting.limitPassed(.scrape)) == ["abandon push", "end target_timeout, push failed"])

        var flowing = try streaming()
        #expect(words(flowing.limitPassed(.target)) == [])
        #expect(words(flowing.limitPassed(.scrape)) == ["abandon target", "abandon push", "end target_timeout"])

        var stalled = try streaming()
        _ = stalled.readBatchEnded(pushIsWritable: false)
        #expect(words(stalled.limitPassed(.scrape)) == ["abandon target", "abandon push", "end well, push failed"])

        var unanswered = try streaming()
        _ = unanswered.responseEnded()
        #expect(words(unanswered.limitPassed(.scrape)) == ["abandon push", "end well, push failed"])
    }

    @Test("A push that fails or is refused ends the scrape, early or late")
    func pushFails() throws {
        var early = try streaming()
        #expect(words(early.pushAnswered(status: 404)) == ["abandon target", "end well, push failed"])
        var broken = try streaming()
        #expect(words(broken.pushFailed("x")) == ["abandon target", "end well, push failed"])
        var late = try streaming()
        _ = late.responseEnded()
        #expect(words(late.pushAnswered(status: 500)) == ["end well, push failed"])
        var report = ScrapeFlow()
        _ = report.refused(.targetRefused, "x")
        #expect(words(report.pushFailed("x")) == ["end target_refused, push failed"])
    }

    @Test("Whatever happens in whatever order, a scrape ends once and never after its end", arguments: 0..<200)
    func randomWalk(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        var flow = ScrapeFlow()
        let head = try head()
        var ends = 0
        var pushes = 0
        for _ in 0..<60 {
            let actions: [ScrapeFlow.Action] =
                switch Int.random(in: 0..<13, using: &generator) {
                case 0: flow.headArrived(head)
                case 1, 2: flow.bodyArrived(bytes(Int.random(in: 1..<50_000, using: &generator)))
                case 3, 4: flow.readBatchEnded(pushIsWritable: Bool.random(using: &generator))
                case 5: flow.responseEnded()
                case 6: flow.targetFailed(.targetBroken, "x")
                case 7: flow.pushOpened()
                case 8: flow.pushBecameWritable()
                case 9: flow.pushAnswered(status: Bool.random(using: &generator) ? 200 : 404)
                case 10: flow.pushFailed("x")
                case 11: flow.limitPassed(Bool.random(using: &generator) ? .target : .scrape)
                default: Int.random(in: 0..<20, using: &generator) == 0 ? flow.cancelled() : []
                }
            if ends > 0 { #expect(actions.isEmpty) }
            for word in words(actions) {
                if word.hasPrefix("end ") { ends += 1 }
                if word.hasPrefix("push whole") || word.hasPrefix("report") || word == "open push" { pushes += 1 }
                if word == "abandon push" { pushes -= 1 }
                #expect(pushes <= 1)
            }
        }
        #expect(ends <= 1)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return bits ^ (bits >> 31)
        }
    }
}
