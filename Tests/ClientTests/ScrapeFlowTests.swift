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

    /// A flow whose push is being opened.
    private func opening() throws -> ScrapeFlow {
        var flow = ScrapeFlow()
        _ = flow.headArrived(try head())
        _ = flow.bodyArrived(bytes(ScrapeFlow.headStart + 1))
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["open push"])
        return flow
    }

    /// A flow whose push is being streamed.
    private func streaming() throws -> ScrapeFlow {
        var flow = try opening()
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

        var opening = try opening()
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

    @Test("What a target sends while its push is being opened goes out when it has opened, and so does the end")
    func early() throws {
        var flow = try opening()
        #expect(words(flow.bodyArrived(bytes(7))) == [])
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == [])
        #expect(words(flow.bodyArrived(bytes(9))) == [])
        var whole = flow
        let held = "write \(ScrapeFlow.headStart + 1)"
        #expect(words(flow.pushOpened()) == [held, "write 7", "write 9", "flush", "read"])
        #expect(words(whole.responseEnded()) == [])
        #expect(words(whole.readBatchEnded(pushIsWritable: false)) == [])
        #expect(words(whole.pushOpened()) == [held, "write 7", "write 9", "finish"])
        #expect(words(whole.pushBecameWritable()) == [])
        #expect(words(whole.pushAnswered(status: 200)) == ["end well"])
    }

    @Test("What a target sends while the push takes no more is written all the same, and so is the end")
    func earlyWhilePaused() throws {
        var flow = try streaming()
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["flush"])
        #expect(words(flow.bodyArrived(bytes(7))) == ["write 7"])
        #expect(words(flow.readBatchEnded(pushIsWritable: false)) == ["flush"])
        #expect(words(flow.responseEnded()) == ["finish"])
        #expect(words(flow.pushAnswered(status: 200)) == ["end well"])
    }

    @Test("A response that ended before its push had opened is still bounded by the scrape's time")
    func earlyEndAndLimit() throws {
        var flow = try opening()
        _ = flow.responseEnded()
        #expect(words(flow.limitPassed(.target)) == [])
        #expect(words(flow.limitPassed(.scrape)) == ["abandon target", "abandon push", "end well, push failed"])
    }
}
