import NIOCore

/// Decides how this client is asked for scrapes, through a tunnel or by polls, and when to dial: a value without sockets or timers.
///
/// Three things move, each in its own circle; the table says which of them go together.
///
/// | serving | dial | polls | |
/// | --- | --- | --- | --- |
/// | no tunnel | under way | off | at the start, and after a loss |
/// | no tunnel | waiting | off | an outage: nobody could be asked by polls either |
/// | no tunnel | waiting, dialling | on | polls, because there is no tunnel; dialled now and then |
/// | no tunnel | greeting | ending | a tunnel takes the polls' place: the one that is open may still bring a scrape |
/// | a tunnel | none | off | as it should be |
/// | a tunnel | waiting, under way | off | a newer one shall take its place: what we show to the proxy has changed |
/// | a drained one | waiting, under way | off | the proxy opens nothing there any more, and has another one for us, perhaps |
///
/// - serving: none → a tunnel (welcomed) → a drained one → none, or a tunnel → none (it ended), or a tunnel → a newer one
/// - dial: none → dialling → greeting (101 came) → none (welcomed); waiting after a failure, → dialling
/// - polls: off → on (there is no tunnel for us) → ending (101 came) → off (welcomed), or → on again (it came to nothing)
///
/// Stopped, all of it is over for good. Every event is legal in every state, and ignored where it comes late: a timer that has been
/// replaced, a tunnel that is no longer the one that serves.
struct TransportChoice {
    /// What is worth a line in the log: each change once, not every attempt.
    enum Note: Equatable {
        case tunnelUp
        case tunnelUpAgain
        /// There is no tunnel, and no poll would fare better.
        case outageBegan(String)
        /// There is no tunnel, and polls are tried.
        case pollsInstead(String)
        /// The tunnel shows something that is no longer so, and a newer one can't be had.
        case replacementFailed(String)
        case clashBegan
        case clashEnded
    }

    enum Action: Equatable {
        /// Ends in `upgraded` and `welcomed`, or, from both, in `dialFailed`.
        case dial
        /// Ends in `waited`; takes the place of a wait before it.
        case wait(TimeAmount)
        /// Poll, or poll on.
        case startPolls
        /// The open poll, if there is one, is the last.
        case endPolls
        case note(Note)
        /// Whether somebody can ask this client.
        case setReady(Bool)
        /// The proxy does not take what this client shows: perhaps its files have something newer.
        case readAccessAgain
    }

    /// A tunnel that lives so long was a good one.
    static let held = TimeAmount.seconds(5)
    /// So many times in a row that a tunnel came to nothing though something was there: then polls are better than nothing.
    static let maxDeaths = 3
    /// While polls run the tunnel is dialled anew after at most so long; each client a little earlier than that, and not all at once.
    static let trialInterval = TimeAmount.minutes(10)
    /// An outage of polls that ends is a reason to dial sooner, and so is it that nobody said that there is no tunnel: a proxy that stood still, or
    /// was busy for long. Not more often than this.
    static let shortestTrialInterval = TimeAmount.minutes(1)
    /// A proxy that has been too busy for so long may still take polls.
    static let busyPatience = TimeAmount.minutes(1)

    private enum Serving {
        case none
        case tunnel(since: NIODeadline)
        case drained
    }

    private enum Dial {
        case none, waiting, dialling, greeting
    }

    private enum Polls {
        case off, on, ending
    }

    /// What was said last of how this client is asked.
    private enum Said {
        case nothing, up, outage, denial, polls
    }

    private let mode: TransportMode
    private var backoff: Backoff
    private var clashBackoff: Backoff
    private var serving = Serving.none
    private var dial = Dial.none
    private var polls = Polls.off
    private var isStopped = false

    private var deaths = 0
    private var dialledAt = NIODeadline.distantPast
    private var withoutSince: NIODeadline?
    /// What the dial under way shows has changed since it began.
    private var isDialStale = false
    private var lastSuperseded: NIODeadline?
    private var arePollsReady = false
    private var isReady = false
    private var said = Said.nothing
    private var hasSaidReplacementFailed = false

    init(_ mode: TransportMode, backoff: Backoff) {
        self.mode = mode
        self.backoff = backoff
        clashBackoff = backoff
    }

    mutating func started(at now: NIODeadline) -> [Action] {
        if mode == .poll {
            polls = .on
            return [.startPolls]
        }
        withoutSince = now
        return dialNow(now)
    }

    mutating func stopped() -> [Action] {
        isStopped = true
        dial = .none
        serving = .none
        polls = .off
        arePollsReady = false
        return readiness()
    }

    // MARK: Events of the clock and from above

    mutating func waited(at now: NIODeadline) -> [Action] {
        if isStopped { return [] }
        if dial == .waiting { return dialNow(now) }
        return endClash(now)
    }

    /// What the client shows to the proxy, or whom it trusts, is another now. Polls see to themselves.
    mutating func accessChanged(at now: NIODeadline) -> [Action] {
        if isStopped || mode == .poll { return [] }
        backoff.reset()
        switch dial {
        case .none, .waiting: return dialNow(now)
        case .dialling, .greeting:
            isDialStale = true
            return []
        }
    }

    // MARK: Events of a dial

    /// The proxy has answered with 101. Whoever knows that client and proxy speak of polls no more is the proxy: the poll that is open ends
    /// by its hand, with a scrape or without.
    mutating func upgraded() -> [Action] {
        guard dial == .dialling else { return [] }
        dial = .greeting
        guard polls == .on else { return [] }
        polls = .ending
        return [.endPolls]
    }

    /// The tunnel that was dialled serves now. The one before it, if there was one, finishes what it has.
    mutating func welcomed(at now: NIODeadline) -> [Action] {
        guard dial == .greeting else { return [] }
        dial = .none
        serving = .tunnel(since: now)
        polls = .off
        arePollsReady = false
        withoutSince = nil
        hasSaidReplacementFailed = false
        var actions = readiness()
        switch said {
        case .up: break
        case .nothing: actions.append(.note(.tunnelUp))
        case .outage, .denial, .polls: actions.append(.note(.tunnelUpAgain))
        }
        said = .up
        if isDialStale { return actions + dialNow(now) }
        if lastSuperseded != nil { actions.append(.wait(PollLoop.clashMemory)) }
        return actions
    }

    /// - Parameter random: 0..<1, for the jitter.
    mutating func dialFailed(_ failure: NoTunnel, at now: NIODeadline, random: Double) -> [Action] {
        guard dial == .dialling || dial == .greeting else { return [] }
        dial = .none
        // It showed what is no longer so, and says nothing about what is.
        if isDialStale { return resumePolls() + dialNow(now) }
        let isDenied = if case .denied = failure { true } else { false }
        let access: [Action] = isDenied ? [.readAccessAgain] : []
        if case .tunnel = serving { return access + replacementFailed(failure, random) }
        serving = .none
        if polls != .off {
            // A trial, of which nobody has to hear.
            if case .broken = failure { deaths += 1 }
            return access + resumePolls() + readiness() + [waitForTrial(after: failure, random)]
        }
        if case .superseded = failure { return clash(now, random) }
        if case .broken = failure { deaths += 1 }
        return access + fallBack(failure, now, random)
    }

    // MARK: Events of the tunnel that serves

    /// The proxy opens nothing there any more; what runs finishes there.
    mutating func drained(at now: NIODeadline, random: Double) -> [Action] {
        guard case .tunnel(let since) = serving else { return [] }
        serving = .drained
        withoutSince = now
        noteLife(now - since)
        return dial == .none || dial == .waiting ? waitToDial(backoff.jitter(random: random)) : []
    }

    mutating func tunnelEnded(_ failure: NoTunnel, at now: NIODeadline, random: Double) -> [Action] {
        guard case .tunnel(let since) = serving else { return [] }
        serving = .none
        withoutSince = now
        let isEarly = !noteLife(now - since)
        if case .superseded = failure, dial == .none || dial == .waiting { return clash(now, random) }
        if isEarly { deaths += 1 }
        switch dial {
        case .dialling, .greeting: return readiness()
        case .none, .waiting: break
        }
        if case .denied = failure { return [.readAccessAgain] + fallBack(failure, now, random) }
        if isEarly { return fallBack(.broken(failure.explanation), now, random) }
        return outage(failure, wait: backoff.jitter(random: random))
    }

    // MARK: Events of polls

    /// Whether the proxy answers our polls.
    mutating func pollsBecame(ready: Bool) -> [Action] {
        guard !isStopped, polls != .off else { return [] }
        arePollsReady = ready
        return readiness()
    }

    /// Polls had failed for a while: whatever was wrong, it may have been a proxy that has a tunnel by now.
    mutating func pollOutageEnded(at now: NIODeadline, random: Double) -> [Action] {
        guard polls == .on, mode == .auto, dial == .waiting else { return [] }
        let soonest = dialledAt + Self.shortestTrialInterval
        return soonest <= now ? dialNow(now) : waitToDial(soonest - now)
    }

    // MARK: What follows

    private mutating func dialNow(_ now: NIODeadline) -> [Action] {
        dial = .dialling
        dialledAt = now
        isDialStale = false
        return [.dial]
    }

    private mutating func waitToDial(_ time: TimeAmount) -> [Action] {
        dial = .waiting
        return [.wait(time)]
    }

    private mutating func waitForTrial(after failure: NoTunnel, _ random: Double) -> Action {
        dial = .waiting
        switch failure {
        case .unanswered, .busy:
            let tenth = Double(Self.shortestTrialInterval.nanoseconds / 10)
            return .wait(Self.shortestTrialInterval + .nanoseconds(Int64(tenth * random)))
        case .unreachable, .notOffered, .denied, .broken, .superseded:
            let tenth = Double(Self.trialInterval.nanoseconds / 10)
            return .wait(Self.trialInterval - .nanoseconds(Int64(tenth * random)))
        }
    }

    private mutating func resumePolls() -> [Action] {
        guard polls == .ending else { return [] }
        polls = .on
        return [.startPolls]
    }

    /// What to do without a tunnel after something answered, or had answered, where it was dialled.
    private mutating func fallBack(_ failure: NoTunnel, _ now: NIODeadline, _ random: Double) -> [Action] {
        switch failure {
        case .unreachable, .superseded: return outage(failure, wait: backoff.wait(random: random))
        case .notOffered, .unanswered, .denied:
            return mode == .auto
                ? pollInstead(failure, random) : outage(failure, wait: backoff.wait(random: random))
        case .broken:
            return mode == .auto && deaths >= Self.maxDeaths
                ? pollInstead(failure, random) : outage(failure, wait: backoff.wait(random: random))
        case .busy(let retryAfter, _):
            let hasWaited = withoutSince.map { now - $0 >= Self.busyPatience } ?? false
            if mode == .auto, hasWaited { return pollInstead(failure, random) }
            let wait = backoff.wait(random: random)
            return outage(failure, wait: retryAfter.map { backoff.bounded($0) } ?? wait)
        }
    }

    private mutating func pollInstead(_ failure: NoTunnel, _ random: Double) -> [Action] {
        polls = .on
        backoff.reset()
        said = .polls
        return readiness() + [
            .note(.pollsInstead(failure.explanation)), .startPolls, waitForTrial(after: failure, random),
        ]
    }

    private mutating func outage(_ failure: NoTunnel, wait: TimeAmount) -> [Action] {
        let isDenial = if case .denied = failure { true } else { false }
        let isNews = said != .denial && (said != .outage || isDenial)
        if isNews { said = isDenial ? .denial : .outage }
        return readiness() + (isNews ? [.note(.outageBegan(failure.explanation))] : []) + waitToDial(wait)
    }

    private mutating func replacementFailed(_ failure: NoTunnel, _ random: Double) -> [Action] {
        defer { hasSaidReplacementFailed = true }
        let news: [Action] = hasSaidReplacementFailed ? [] : [.note(.replacementFailed(failure.explanation))]
        return news + waitToDial(backoff.wait(random: random))
    }

    private mutating func clash(_ now: NIODeadline, _ random: Double) -> [Action] {
        let isNews = lastSuperseded == nil
        lastSuperseded = now
        return readiness() + (isNews ? [.note(.clashBegan)] : []) + waitToDial(clashBackoff.wait(random: random))
    }

    private mutating func endClash(_ now: NIODeadline) -> [Action] {
        guard case .tunnel = serving, let last = lastSuperseded else { return [] }
        let quiet = now - last
        guard quiet >= PollLoop.clashMemory else { return [.wait(PollLoop.clashMemory - quiet)] }
        lastSuperseded = nil
        clashBackoff.reset()
        return [.note(.clashEnded)]
    }

    /// - Returns: whether the tunnel was a good one.
    @discardableResult private mutating func noteLife(_ life: TimeAmount) -> Bool {
        guard life >= Self.held else { return false }
        deaths = 0
        backoff.reset()
        return true
    }

    private mutating func readiness() -> [Action] {
        // One RTT in which the polls are no more and the tunnel is not yet changes nothing.
        if dial == .greeting, polls == .ending { return [] }
        let ready =
            switch serving {
            case .tunnel, .drained: true
            case .none: arePollsReady
            }
        guard ready != isReady else { return [] }
        isReady = ready
        return [.setReady(ready)]
    }
}
