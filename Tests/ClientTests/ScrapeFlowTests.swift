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
            case .begin: "begin"
            case .write(let bytes): "write \(bytes.readableBytes)"
            case .flush: "flush"
            case .end: "finish"
            case .fail(let failure, _): "fail \(failure.rawValue)"
            case .abandonTarget: "abandon target"
            case .abandonSink: "abandon sink"
            case .conclude(let conclusion):
                "end \(conclusion.failure?.rawValue ?? "well")" + (conclusion.sinkError == nil ? "" : ", sink failed")
            }
        }
    }

    /// A flow that relays a response; its sink has sent something of it.
    private func relaying() throws -> ScrapeFlow {
        var flow = ScrapeFlow()
        #expect(words(flow.headArrived(try head())) == ["begin"])
        #expect(words(flow.bodyArrived(bytes(9))) == ["write 9"])
        #expect(words(flow.sinkBegan()) == [])
        return flow
    }

    @Test("A response goes to the sink as it comes, and the target is read only while the sink wants more")
    func relays() throws {
        var flow = ScrapeFlow()
        #expect(words(flow.readBatchEnded(sinkWantsMore: true)) == ["read"])
        #expect(words(flow.headArrived(try head())) == ["begin"])
        #expect(words(flow.bodyArrived(bytes(5))) == ["write 5"])
        #expect(words(flow.readBatchEnded(sinkWantsMore: true)) == ["flush", "read"])
        #expect(words(flow.sinkWantsMore()) == [])
        #expect(words(flow.readBatchEnded(sinkWantsMore: false)) == ["flush"])
        #expect(words(flow.sinkWantsMore()) == ["read"])
        #expect(words(flow.sinkWantsMore()) == [])
        #expect(words(flow.responseEnded()) == ["finish"])
        #expect(words(flow.sinkClosed(error: nil)) == ["end well"])
    }

    @Test("What a target sends while the sink wants no more is written all the same, and so is the end")
    func earlyWhilePaused() throws {
        var flow = try relaying()
        #expect(words(flow.readBatchEnded(sinkWantsMore: false)) == ["flush"])
        #expect(words(flow.bodyArrived(bytes(7))) == ["write 7"])
        #expect(words(flow.readBatchEnded(sinkWantsMore: false)) == ["flush"])
        #expect(words(flow.responseEnded()) == ["finish"])
        #expect(words(flow.sinkWantsMore()) == [])
        #expect(words(flow.sinkClosed(error: nil)) == ["end well"])
    }

    @Test("A target that fails is the sink's to tell, before and within the response")
    func targetFails() throws {
        var early = ScrapeFlow()
        #expect(words(early.targetFailed(.targetUnreachable, "x")) == ["fail target_unreachable"])
        #expect(words(early.sinkClosed(error: nil)) == ["end target_unreachable"])

        var late = try relaying()
        #expect(words(late.targetFailed(.targetBroken, "x")) == ["fail target_broken"])
        #expect(words(late.sinkClosed(error: "x")) == ["end target_broken, sink failed"])
    }

    @Test("The target's limit is reported while it can be; the scrape's own ends everything")
    func limits() throws {
        var waiting = ScrapeFlow()
        #expect(words(waiting.limitPassed(.target)) == ["abandon target", "fail target_timeout"])
        #expect(words(waiting.limitPassed(.target)) == [])
        #expect(words(waiting.limitPassed(.scrape)) == ["abandon sink", "end target_timeout, sink failed"])

        var held = ScrapeFlow()
        _ = held.headArrived(try head())
        #expect(words(held.limitPassed(.target)) == ["abandon target", "fail target_timeout"])

        var flowing = try relaying()
        #expect(words(flowing.limitPassed(.target)) == [])
        #expect(words(flowing.limitPassed(.scrape)) == ["abandon target", "fail target_timeout"])
        #expect(words(flowing.sinkClosed(error: nil)) == ["end target_timeout"])

        var stalled = try relaying()
        _ = stalled.readBatchEnded(sinkWantsMore: false)
        #expect(words(stalled.limitPassed(.target)) == [])
        #expect(words(stalled.limitPassed(.scrape)) == ["abandon target", "abandon sink", "end well, sink failed"])

        var unanswered = try relaying()
        _ = unanswered.responseEnded()
        #expect(words(unanswered.limitPassed(.target)) == [])
        #expect(words(unanswered.limitPassed(.scrape)) == ["abandon sink", "end well, sink failed"])
    }

    @Test("A sink that is lost ends the scrape, whenever it is")
    func sinkFails() throws {
        var waiting = ScrapeFlow()
        #expect(words(waiting.sinkClosed(error: "x")) == ["abandon target", "end well, sink failed"])
        var early = try relaying()
        #expect(words(early.sinkClosed(error: "x")) == ["abandon target", "end well, sink failed"])
        var unasked = try relaying()
        #expect(words(unasked.sinkClosed(error: nil)) == ["abandon target", "end well, sink failed"])
        var late = try relaying()
        _ = late.responseEnded()
        #expect(words(late.sinkClosed(error: "x")) == ["end well, sink failed"])
        var report = ScrapeFlow()
        _ = report.refused(.targetRefused, "x")
        #expect(words(report.sinkClosed(error: "x")) == ["end target_refused, sink failed"])
        #expect(words(report.sinkClosed(error: "x")) == [])
    }
}
