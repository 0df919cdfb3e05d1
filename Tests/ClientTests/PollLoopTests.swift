import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct PollLoopTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func makeLoop() -> PollLoop { PollLoop(backoff: Backoff(initial: .seconds(1), maximum: .seconds(5))) }

    private func request() throws -> PolledRequest {
        try PolledRequest(parsing: ByteBuffer(string: "GET http://a/ HTTP/1.1\r\nId: i\r\n\r\n"), maxHeadBytes: 1_000)
    }

    /// Actions as words, so that a test reads as the list of what happens.
    private func words(_ actions: [PollLoop.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .poll(let limit): limit.map { "poll for \($0.nanoseconds / 1_000_000_000) s" } ?? "poll"
            case .pause(let time): "pause \(time.nanoseconds / 1_000_000) ms"
            case .scrape: "scrape"
            case .refuse(let id, _): "refuse \(id)"
            case .note(let note):
                switch note {
                case .firstAnswer: "first answer"
                case .outageBegan: "outage"
                case .outageEnded: "recovered"
                case .clashBegan: "clash"
                case .clashEnded: "clash over"
                }
            case .count(let result): "count \(result.rawValue)"
            case .readAccessAgain: "read access again"
            case .setReady(let ready): ready ? "ready" : "not ready"
            }
        }
    }

    @Test("A scrape is carried out and the next poll follows at once")
    func scrape() throws {
        var loop = makeLoop()
        #expect(words(loop.started(at: start, hasRoom: true)) == ["poll"])
        let first = loop.answered(.scrape(try request()), at: start, hasRoom: true, random: 0)
        #expect(words(first) == ["ready", "first answer", "count scrape", "scrape", "poll"])
        let second = loop.answered(.scrape(try request()), at: start, hasRoom: true, random: 0)
        #expect(words(second) == ["count scrape", "scrape", "poll"])
    }

    @Test("Polls in the place of others that the proxy answers are no news, until they fail")
    func replacement() {
        var loop = PollLoop(backoff: Backoff(initial: .seconds(1), maximum: .seconds(5)), isReady: true)
        #expect(loop.isOff)
        #expect(words(loop.started(at: start, hasRoom: true)) == ["poll"])
        #expect(!loop.isOff)
        #expect(
            words(loop.answered(.idle, at: start + .seconds(9), hasRoom: true, random: 0)) == [
                "count idle", "poll for 28 s",
            ])
        #expect(
            words(loop.answered(.trouble("x"), at: start + .seconds(9), hasRoom: true, random: 0)) == [
                "count error", "not ready", "outage", "pause 500 ms",
            ])
    }

    @Test("A denial in the course of an outage is a line of its own, once, and files are read again each time")
    func denial() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        _ = loop.answered(.trouble("no connection"), at: start, hasRoom: true, random: 0)
        _ = loop.pauseEnded(at: start, hasRoom: true)
        #expect(
            words(loop.answered(.denied("x"), at: start, hasRoom: true, random: 0)) == [
                "count denied", "read access again", "outage", "pause 750 ms",
            ])
        #expect(words(loop.accessChanged(at: start, hasRoom: true)) == ["poll"])
        #expect(loop.pauseEnded(at: start, hasRoom: true).isEmpty)
        #expect(
            words(loop.answered(.denied("x"), at: start, hasRoom: true, random: 0)) == [
                "count denied", "read access again", "pause 500 ms",
            ])
        _ = loop.pauseEnded(at: start, hasRoom: true)
        #expect(words(loop.accessChanged(at: start, hasRoom: true)).isEmpty, "a poll is open")
        #expect(
            words(loop.answered(.idle, at: start + .seconds(9), hasRoom: true, random: 0)).prefix(2) == [
                "ready", "recovered",
            ])
    }

    @Test("An idle end is followed by a poll at once, which is bounded from then on")
    func idle() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        let later = start + .seconds(45)
        #expect(
            words(loop.answered(.idle, at: later, hasRoom: true, random: 0)) == [
                "ready", "first answer", "count idle", "poll for 100 s",
            ])
        #expect(
            words(loop.answered(.cutWhenIdle, at: later + .seconds(100), hasRoom: true, random: 0)) == [
                "count idle", "poll",
            ])
    }

    @Test("Polls that end idle at once again and again are paced")
    func spinning() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        var last: [String] = []
        for _ in 0..<6 { last = words(loop.answered(.idle, at: start, hasRoom: true, random: 0)) }
        #expect(last == ["count idle", "pause 500 ms"])
    }

    @Test("An outage is noted once when it begins and once when it ends; waits grow and start over")
    func outage() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        #expect(
            words(loop.answered(.trouble("x"), at: start, hasRoom: true, random: 0)) == [
                "count error", "outage", "pause 500 ms",
            ])
        #expect(words(loop.pauseEnded(at: start, hasRoom: true)) == ["poll"])
        #expect(
            words(loop.answered(.trouble("x"), at: start, hasRoom: true, random: 0)) == ["count error", "pause 750 ms"])
        _ = loop.pauseEnded(at: start, hasRoom: true)
        #expect(words(loop.pollHeld(at: start + PollLoop.held)) == ["ready", "recovered"])
        #expect(
            words(loop.answered(.trouble("x"), at: start + .seconds(6), hasRoom: true, random: 0)) == [
                "count error", "not ready", "outage", "pause 500 ms",
            ])
    }

    @Test("A superseded poll waits longer each time, though polls in between succeed; the clash is noted once")
    func clash() throws {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        #expect(
            words(loop.answered(.superseded, at: start, hasRoom: true, random: 0)) == [
                "count superseded", "clash", "pause 500 ms",
            ])
        _ = loop.pauseEnded(at: start, hasRoom: true)
        _ = loop.answered(.scrape(try request()), at: start + .seconds(1), hasRoom: true, random: 0)
        #expect(
            words(loop.answered(.superseded, at: start + .seconds(2), hasRoom: true, random: 0)) == [
                "count superseded", "pause 750 ms",
            ])
        _ = loop.pauseEnded(at: start, hasRoom: true)
        let late = start + .seconds(3) + PollLoop.clashMemory
        #expect(words(loop.answered(.scrape(try request()), at: late, hasRoom: true, random: 0)).contains("clash over"))
        #expect(words(loop.answered(.superseded, at: late, hasRoom: true, random: 0)).contains("clash"))
    }

    @Test("A busy proxy's own wait is kept to, within the longest")
    func busy() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        let answer = PollAnswer.busy(retryAfter: .seconds(2), explanation: "x")
        #expect(
            words(loop.answered(answer, at: start, hasRoom: true, random: 0)) == [
                "count busy", "outage", "pause 2000 ms",
            ])
        _ = loop.pauseEnded(at: start, hasRoom: true)
        let long = PollAnswer.busy(retryAfter: .minutes(10), explanation: "x")
        #expect(words(loop.answered(long, at: start, hasRoom: true, random: 0)).last == "pause 5000 ms")
        _ = loop.pauseEnded(at: start, hasRoom: true)
        let silent = PollAnswer.busy(retryAfter: nil, explanation: "x")
        #expect(words(loop.answered(silent, at: start, hasRoom: true, random: 0)).last == "pause 1125 ms")
    }

    @Test("A scrape that can't be read is refused where it has an id")
    func unreadable() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        let answer = PollAnswer.unreadable(id: "i", explanation: "x")
        #expect(
            words(loop.answered(answer, at: start, hasRoom: true, random: 0)) == [
                "count error", "refuse i", "outage", "pause 500 ms",
            ])
    }

    @Test("Without room for another scrape there is no poll until one ends")
    func full() throws {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        let actions = loop.answered(.scrape(try request()), at: start, hasRoom: false, random: 0)
        #expect(words(actions).last == "scrape")
        #expect(words(loop.pauseEnded(at: start, hasRoom: true)) == [])
        #expect(words(loop.roomArose(at: start)) == ["poll"])
        #expect(words(loop.roomArose(at: start)) == [])
    }

    @Test("After the stop nothing happens")
    func stopped() throws {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        _ = loop.answered(.idle, at: start, hasRoom: true, random: 0)
        #expect(words(loop.stopped()) == ["not ready"])
        #expect(words(loop.answered(.scrape(try request()), at: start, hasRoom: true, random: 0)) == [])
        #expect(words(loop.pauseEnded(at: start, hasRoom: true)) == [])
        #expect(words(loop.roomArose(at: start)) == [])
        #expect(words(loop.pollHeld(at: start)) == [])
        #expect(words(loop.stopped()) == [])
    }

    @Test("The last poll may still bring a scrape; whatever it ends with, none follows, and nothing is said of it")
    func lastPoll() throws {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        _ = loop.pollHeld(at: start + PollLoop.held)
        #expect(loop.ended().isEmpty)
        var superseded = loop
        #expect(
            words(loop.answered(.scrape(try request()), at: start, hasRoom: true, random: 0)) == [
                "not ready", "count scrape", "scrape",
            ])
        #expect(
            words(superseded.answered(.superseded, at: start, hasRoom: true, random: 0)) == ["not ready", "count idle"])
        #expect(words(superseded.started(at: start, hasRoom: true)) == ["poll"])
    }

    @Test("A poll that was to be the last and is wanted after all stays open")
    func lastPollAfterAll() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        _ = loop.pollHeld(at: start + PollLoop.held)
        _ = loop.ended()
        #expect(words(loop.started(at: start, hasRoom: true)) == ["ready"])
        #expect(words(loop.answered(.idle, at: start, hasRoom: true, random: 0)) == ["count idle", "poll"])
    }

    @Test("Polls that are not wanted any more end in the midst of an outage too, which is then over")
    func endsInOutage() {
        var loop = makeLoop()
        _ = loop.started(at: start, hasRoom: true)
        _ = loop.answered(.trouble("x"), at: start, hasRoom: true, random: 0)
        #expect(loop.ended().isEmpty)
        #expect(loop.pauseEnded(at: start, hasRoom: true).isEmpty)
        #expect(words(loop.started(at: start, hasRoom: true)) == ["poll"])
        #expect(
            words(loop.answered(.trouble("x"), at: start, hasRoom: true, random: 0)) == [
                "count error", "outage", "pause 500 ms",
            ])
    }
}
