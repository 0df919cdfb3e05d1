import NIOCore
import TestKit
import Testing

@testable import Client

/// A client that has not been told to stop has a tunnel, or polls, or is getting one of them within the longest wait; it never polls beside a
/// tunnel that serves; a proxy without tunnels is not pestered for one; and each line of the log says something new.
@Suite(.computes) struct TransportChoiceWalkTests {
    @Test(
        "Whatever becomes of tunnels and polls, in whatever order: there is always a way to be asked, or the next attempt at one",
        arguments: 0..<60 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var walk = Walk(seed &* 1_000_003, [.auto, .auto, .tunnel, .poll][Int(seed % 4)])
        walk.start()
        for _ in 0..<3_000 {
            walk.step()
            try walk.check()
        }
        #expect(walk.hasBeenUp || walk.mode == .poll)
        #expect(walk.hasPolled || walk.mode == .tunnel)
        walk.stop()
        for _ in 0..<50 { walk.step() }
        #expect(!walk.isReady)
    }
}

private struct Walk {
    private static let longest = TimeAmount.seconds(5)

    private enum Dial { case none, dialling, greeting }

    let mode: TransportMode
    var isReady = false
    var hasBeenUp = false
    var hasPolled = false

    private var random: Seeded
    private var choice: TransportChoice
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var dial = Dial.none
    private var waitsUntil: NIODeadline?
    private var isUp = false
    private var isDrained = false
    private var polls = false
    private var arePollsReady = false
    private var isStopped = false
    private var dialledAt = NIODeadline.distantPast
    private var wasAccessChanged = false
    private var lastNote: TransportChoice.Note?
    private var isClash = false

    init(_ seed: UInt64, _ mode: TransportMode) {
        random = Seeded(seed)
        self.mode = mode
        choice = TransportChoice(mode, backoff: Backoff(initial: .seconds(1), maximum: Self.longest))
    }

    private var jitter: Double { mutating get { Double.random(in: 0..<1, using: &random) } }

    mutating func start() { perform(choice.started(at: now)) }

    mutating func stop() {
        isStopped = true
        dial = .none
        isUp = false
        polls = false
        arePollsReady = false
        waitsUntil = nil
        perform(choice.stopped())
    }

    func check() throws {
        let isAskable = isUp && !isDrained || polls
        try #require(isAskable || dial != .none || waitsUntil != nil, "nothing would wake it")
        if !isAskable, dial == .none, let end = waitsUntil {
            try #require(end - now <= Self.longest, "nobody can ask it for too long")
        }
        try #require(!(polls && isUp && !isDrained), "it polls beside its tunnel")
        try #require(mode != .poll || dial == .none && !isUp)
        try #require(mode != .tunnel || !polls)
        try #require(mode != .auto || !polls || dial != .none || waitsUntil != nil, "it polls for ever")
        if dial != .greeting {
            try #require(isReady == (isUp || polls && arePollsReady), "readiness is wrong")
        }
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<15 where dial == .dialling:
            dial = .greeting
            perform(choice.upgraded())
        case 15..<35 where dial == .greeting:
            dial = .none
            isUp = true
            isDrained = false
            hasBeenUp = true
            arePollsReady = false
            perform(choice.welcomed(at: now))
        case 35..<50 where dial != .none:
            dial = .none
            if isDrained, !wasAccessChanged {
                isUp = false
                isDrained = false
            }
            perform(choice.dialFailed(failure(), at: now, random: jitter))
        case 50..<58 where isUp && !isDrained:
            isUp = false
            perform(choice.tunnelEnded(failure(), at: now, random: jitter))
        case 58..<61 where isUp && !isDrained:
            isDrained = true
            perform(choice.drained(at: now, random: jitter))
        case 61..<63:
            wasAccessChanged = true
            perform(choice.accessChanged(at: now))
        case 63..<70 where polls:
            arePollsReady.toggle()
            perform(choice.pollsBecame(ready: arePollsReady))
        case 70..<73 where polls: perform(choice.pollOutageEnded(at: now, random: jitter))
        case 73..<75: late()
        case 75..<90:
            guard let end = waitsUntil else { return }
            now = max(now, end)
            waitsUntil = nil
            perform(choice.waited(at: now))
        default:
            // From a moment to two minutes; a timer fires in time.
            let later = now + .nanoseconds(1 << Int64.random(in: 0...37, using: &random))
            now = min(later, waitsUntil ?? later)
        }
    }

    /// What is heard of when it is of no interest any more.
    private mutating func late() {
        if dial != .dialling { perform(choice.upgraded()) }
        if dial != .greeting { perform(choice.welcomed(at: now)) }
        if dial == .none { perform(choice.dialFailed(failure(), at: now, random: jitter)) }
        if !isUp || isDrained {
            perform(choice.tunnelEnded(failure(), at: now, random: jitter))
            perform(choice.drained(at: now, random: jitter))
        }
        if !polls, dial != .greeting {
            perform(choice.pollsBecame(ready: true))
            perform(choice.pollOutageEnded(at: now, random: jitter))
        }
    }

    private mutating func failure() -> NoTunnel {
        let wait = [nil, .zero, .seconds(1), TimeAmount.nanoseconds(.max)].randomElement(using: &random) ?? nil
        let failures: [NoTunnel] = [
            .unreachable("x"), .notOffered("x"), .unanswered("x"), .denied("denied"), .busy(retryAfter: wait, "x"),
            .broken("x"),
            .broken("x"),
            .superseded,
        ]
        return failures.randomElement(using: &random) ?? .superseded
    }

    private mutating func perform(_ actions: [TransportChoice.Action]) {
        for action in actions {
            if isStopped {
                guard case .setReady(false) = action else {
                    Issue.record("after the stop something happens: \(action)")
                    continue
                }
            }
            switch action {
            case .dial:
                #expect(dial == .none)
                if polls, !wasAccessChanged { #expect(now - dialledAt >= .minutes(1), "a trial too soon") }
                dial = .dialling
                waitsUntil = nil
                dialledAt = now
                wasAccessChanged = false
            case .wait(let time):
                #expect(time >= .zero && time <= TransportChoice.trialInterval)
                waitsUntil = now + time
            case .startPolls:
                #expect(!polls)
                polls = true
                hasPolled = true
            case .endPolls:
                #expect(polls && dial == .greeting)
                polls = false
            case .note(let note): check(note)
            case .readAccessAgain: break
            case .setReady(let ready):
                #expect(ready != isReady)
                isReady = ready
            }
        }
    }

    private mutating func check(_ note: TransportChoice.Note) {
        switch note {
        case .clashBegan, .clashEnded:
            #expect(isClash == (note == .clashEnded))
            isClash = note == .clashBegan
        case .replacementFailed: #expect(isUp)
        case .tunnelUp:
            #expect(lastNote == nil)
            lastNote = note
        case .tunnelUpAgain:
            #expect(lastNote != .tunnelUp && lastNote != .tunnelUpAgain && lastNote != nil)
            lastNote = note
        case .outageBegan, .pollsInstead:
            #expect(lastNote != note)
            lastNote = note
        }
    }
}
