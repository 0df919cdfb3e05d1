import NIOCore
import TestKit
import Testing
import Wire

@testable import Client

/// A client that has not been told to stop always has a poll open, waits for a bounded time, or is full and will hear of room; every
/// scrape that a poll brought was carried out or refused, once; and what is said about outages and clashes begins and ends in turn.
@Suite(.computes) struct PollLoopWalkTests {
    @Test(
        "Whatever polls end with, in whatever order: the loop goes on, and no scrape is lost",
        arguments: 0..<30 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var walk = Walk(seed)
        walk.start()
        for _ in 0..<5_000 {
            try walk.step()
            try walk.check()
        }
        #expect(walk.scrapes > 100)
        walk.stop()
        for _ in 0..<50 { try walk.step() }
        #expect(!walk.isReady)
    }
}

private struct Walk {
    private static let longest = TimeAmount.seconds(5)
    private static let bound = 4

    var scrapes = 0
    var isReady = false

    private var random: Seeded
    private var loop = PollLoop(backoff: Backoff(initial: .seconds(1), maximum: longest))
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var isPolling = false
    private var limit: TimeAmount?
    private var polledAt = NIODeadline.uptimeNanoseconds(0)
    private var isPausing = false
    private var running = 0
    private var isStopped = false
    private var isWanted = true
    private var isOutage = false
    private var isDenial = false
    private var isClash = false
    private var isFirst = true
    /// What the last answer brought, until it is carried out.
    private var brought = 0

    init(_ seed: UInt64) { random = Seeded(seed) }

    private var hasRoom: Bool { running < Self.bound }

    mutating func start() { perform(loop.started(at: now, hasRoom: hasRoom)) }

    mutating func stop() {
        isStopped = true
        isPolling = false
        isPausing = false
        perform(loop.stopped())
    }

    func check() throws {
        try #require((isPolling ? 1 : 0) + (isPausing ? 1 : 0) <= 1, "it polls while it waits")
        try #require(isPolling || isPausing || running >= Self.bound || !isWanted, "nothing would wake it")
        try #require(brought == 0, "a scrape is lost")
        try #require(running <= Self.bound + 1)
    }

    mutating func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<50 where isPolling: try answer()
        case 50..<55 where isPolling && now - polledAt >= PollLoop.held: perform(loop.pollHeld(at: now))
        case 55..<70 where isPausing:
            isPausing = false
            perform(loop.pauseEnded(at: now, hasRoom: hasRoom))
        case 70..<85 where running > 0:
            let wasFull = !hasRoom
            running -= 1
            if wasFull { perform(loop.roomArose(at: now)) }
        case 85..<87:
            // A pause that ends earlier.
            let wasPausing = isPausing
            isPausing = false
            perform(loop.accessChanged(at: now, hasRoom: hasRoom))
            if wasPausing, !isOutage { isPausing = true }
        case 88..<90 where !isStopped:
            isWanted.toggle()
            if isWanted {
                perform(loop.started(at: now, hasRoom: hasRoom))
            } else {
                isPausing = false
                isOutage = isOutage && isPolling
                perform(loop.ended())
            }
        case 87..<88 where isStopped:
            // What was under way when the stop came and is heard of late.
            perform(loop.answered(.idle, at: now, hasRoom: true, random: 0))
            perform(loop.pauseEnded(at: now, hasRoom: true))
            perform(loop.roomArose(at: now))
            perform(loop.accessChanged(at: now, hasRoom: true))
            perform(loop.pollHeld(at: now))
        default:
            // From a moment to a day.
            now = now + .nanoseconds(1 << Int64.random(in: 0...46, using: &random))
            if isPolling, let limit, now - polledAt >= limit { end(.cutWhenIdle) }
        }
    }

    private mutating func answer() throws {
        let text = "GET http://a/ HTTP/1.1\r\nId: i\r\n\r\n"
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1, 2:
            brought += 1
            end(.scrape(try PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 1_000)))
        case 3: end(.idle)
        case 4: end(.cutWhenIdle)
        case 5: end(.superseded)
        case 6:
            let wait = [nil, .zero, .seconds(1), TimeAmount.nanoseconds(.max)].randomElement(using: &random) ?? nil
            end(.busy(retryAfter: wait, explanation: "x"))
        case 7: end(.denied("denied"))
        default:
            let isKnown = Bool.random(using: &random)
            if isKnown { brought += 1 }
            end(isKnown ? .unreadable(id: "i", explanation: "x") : .trouble("x"))
        }
    }

    private mutating func end(_ answer: PollAnswer) {
        isPolling = false
        if !isWanted {
            isOutage = false
            isDenial = false
        }
        let jitter = Double.random(in: 0..<1, using: &random)
        perform(loop.answered(answer, at: now, hasRoom: hasRoom, random: jitter))
    }

    private mutating func perform(_ actions: [PollLoop.Action]) {
        for action in actions {
            if isStopped {
                guard case .setReady(false) = action else {
                    Issue.record("after the stop something happens")
                    continue
                }
            }
            switch action {
            case .poll(let limit):
                #expect(!isPolling && !isPausing && isWanted)
                #expect(limit.map { $0 > .zero && $0 <= .hours(49) } ?? true)
                isPolling = true
                self.limit = limit
                polledAt = now
            case .pause(let time):
                #expect(!isPolling && !isPausing && isWanted)
                #expect(time > .zero && time <= Self.longest)
                isPausing = true
            case .scrape, .refuse:
                brought -= 1
                running += 1
                scrapes += 1
            case .note(let note): check(note)
            case .count, .readAccessAgain: break
            case .setReady(let ready):
                #expect(ready != isReady || isPolling && ready)
                isReady = ready
            }
        }
    }

    private mutating func check(_ note: PollLoop.Note) {
        switch note {
        case .firstAnswer:
            #expect(isFirst && !isOutage)
            isFirst = false
        case .outageBegan(let explanation):
            // A denial in the course of another outage is told; once.
            #expect(!isOutage || explanation == "denied" && !isDenial)
            isOutage = true
            isDenial = explanation == "denied"
        case .outageEnded:
            #expect(isOutage)
            isOutage = false
            isDenial = false
            isFirst = false
        case .clashBegan:
            #expect(!isClash)
            isClash = true
        case .clashEnded:
            #expect(isClash)
            isClash = false
        }
    }
}
