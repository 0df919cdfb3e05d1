import NIOCore
import Wire

/// Decides when to poll: a value without sockets or timers.
///
/// States and what may follow:
/// - `.off`: nobody wants polls → `.polling`, `.full`
/// - `.polling` → `.polling` (an answer that is no trouble: the next poll follows at once), `.pausing`, `.full`, `.last`
/// - `.pausing` after trouble → `.polling`, `.full`, `.off`
/// - `.full`: as many scrapes run as may → `.polling`, `.off`
/// - `.last`: a poll is open, and no other shall follow → `.off`, `.polling`
/// - `.stopped` from all, for good
struct PollLoop {
    /// What is worth a line in the log: each outage and each clash once, not every attempt.
    enum Note: Equatable {
        case firstAnswer
        case outageBegan(String)
        case outageEnded
        case clashBegan
        case clashEnded
    }

    /// How polls are counted.
    enum Result: String, CaseIterable {
        case scrape, idle, superseded, busy, denied, error
    }

    enum Action {
        /// - Parameter limit: give the poll up when it has been open for so long.
        case poll(limit: TimeAmount?)
        case pause(TimeAmount)
        case scrape(PolledRequest)
        /// Tell the scraper that its request can't be carried out.
        case refuse(id: String, String)
        case note(Note)
        case count(Result)
        /// Whether the proxy answers our polls.
        case setReady(Bool)
        /// The proxy does not take what this client shows: perhaps its files have something newer.
        case readAccessAgain
    }

    /// A poll that stays open for so long has been accepted: the outage, if there was one, is over.
    static let held = TimeAmount.seconds(5)
    /// A clash is over when no poll has been superseded for so long.
    static let clashMemory = TimeAmount.seconds(120)
    /// Polls that end idle sooner than this, several times in a row, are paced: nothing should make this loop spin.
    private static let shortest = TimeAmount.milliseconds(100)
    private static let shortestInARow = 5
    /// How long a proxy's idle polls may be open and still count for the limit.
    private static let longestLimit = TimeAmount.hours(24)

    private enum State {
        case off
        case polling(since: NIODeadline)
        case last(since: NIODeadline)
        case pausing
        case full
        case stopped
    }

    /// Why polls fail. One that turns out to be a denial is worth a line of its own.
    private enum Outage {
        case trouble, denial
    }

    private var state = State.off
    private var backoff: Backoff
    private var clashBackoff: Backoff
    private var isReady = false
    private var wasAnswered = false
    private var outage: Outage?
    private var lastSuperseded: NIODeadline?
    private var shortInARow = 0
    private var limit: TimeAmount?

    /// - Parameter isReady: whether the proxy answers the polls whose place these take.
    init(backoff: Backoff, isReady: Bool = false) {
        self.backoff = backoff
        clashBackoff = backoff
        self.isReady = isReady
        wasAnswered = isReady
    }

    /// Whether no poll is open, and none will be before somebody wants them.
    var isOff: Bool {
        switch state {
        case .off, .stopped: true
        case .polling, .last, .pausing, .full: false
        }
    }

    /// Polls are wanted from now on, or again.
    ///
    /// - Parameter hasRoom: whether another scrape may begin.
    mutating func started(at now: NIODeadline, hasRoom: Bool) -> [Action] {
        switch state {
        case .off: return pollNext(now, hasRoom)
        case .last(let since):
            state = .polling(since: since)
            return isReady ? [.setReady(true)] : []
        case .polling, .pausing, .full, .stopped: return []
        }
    }

    /// Polls are not wanted any more. The one that is open is not cut, for it may just be bringing a scrape.
    mutating func ended() -> [Action] {
        switch state {
        case .polling(let since):
            state = .last(since: since)
            return []
        case .pausing, .full: return turnOff()
        case .off, .last, .stopped: return []
        }
    }

    mutating func pauseEnded(at now: NIODeadline, hasRoom: Bool) -> [Action] {
        guard case .pausing = state else { return [] }
        return pollNext(now, hasRoom)
    }

    /// A scrape ended.
    mutating func roomArose(at now: NIODeadline) -> [Action] {
        guard case .full = state else { return [] }
        return pollNext(now, true)
    }

    /// What the client shows to the proxy, or whom it trusts, is another now: an outage may be over.
    mutating func accessChanged(at now: NIODeadline, hasRoom: Bool) -> [Action] {
        guard case .pausing = state, outage != nil else { return [] }
        backoff.reset()
        return pollNext(now, hasRoom)
    }

    /// The poll has been open for `held`.
    mutating func pollHeld(at now: NIODeadline) -> [Action] {
        guard case .polling = state else { return [] }
        return succeeded(now)
    }

    mutating func stopped() -> [Action] {
        state = .stopped
        return setReady(false)
    }

    /// - Parameter random: 0..<1, for the jitter.
    mutating func answered(
        _ answer: PollAnswer, at now: NIODeadline, hasRoom: Bool, random: Double
    ) -> [Action] {
        if case .last = state { return turnOff() + lastAnswered(answer) }
        guard case .polling(let since) = state else { return [] }
        let open = now - since
        if open >= Self.shortest { shortInARow = 0 }
        switch answer {
        case .scrape(let request):
            return succeeded(now) + [.count(.scrape), .scrape(request)] + pollNext(now, hasRoom)
        case .idle:
            // A proxy that ends idle polls does so regularly; one that no longer does has gone without a word.
            if open > .seconds(1) {
                let span = min(open, Self.longestLimit)
                limit = max(limit ?? .zero, span + span + .seconds(10))
            }
            shortInARow += open < Self.shortest ? 1 : 0
            let isSpinning = shortInARow > Self.shortestInARow
            return succeeded(now, resets: !isSpinning) + [.count(.idle)]
                + (isSpinning ? pause(backoff.wait(random: random)) : pollNext(now, hasRoom))
        case .cutWhenIdle:
            limit = nil
            return [.count(.idle)] + pollNext(now, hasRoom)
        case .superseded:
            var actions: [Action] = [.count(.superseded)]
            if lastSuperseded == nil { actions.append(.note(.clashBegan)) }
            lastSuperseded = now
            return actions + pause(clashBackoff.wait(random: random))
        case .busy(let retryAfter, let explanation):
            let wait = backoff.wait(random: random)
            return [.count(.busy)] + failed(explanation) + pause(retryAfter.map { backoff.bounded($0) } ?? wait)
        case .unreadable(let id, let explanation):
            let told = id.map { [refusal($0, explanation)] } ?? []
            let text = "the poll was answered with something else than a scrape: \(explanation)"
            return [.count(.error)] + told + failed(text) + pause(backoff.wait(random: random))
        case .denied(let explanation):
            return [.count(.denied), .readAccessAgain] + failed(explanation, isDenial: true)
                + pause(backoff.wait(random: random))
        case .trouble(let explanation):
            limit = nil
            return [.count(.error)] + failed(explanation) + pause(backoff.wait(random: random))
        }
    }

    /// Whatever else ended it, a tunnel that has taken its place did.
    private func lastAnswered(_ answer: PollAnswer) -> [Action] {
        switch answer {
        case .scrape(let request): [.count(.scrape), .scrape(request)]
        case .unreadable(let id?, let explanation): [.count(.error), refusal(id, explanation)]
        case .unreadable(nil, _), .idle, .cutWhenIdle, .superseded, .busy, .denied, .trouble: [.count(.idle)]
        }
    }

    private func refusal(_ id: String, _ explanation: String) -> Action {
        .refuse(id: id, "the scrape can't be read: \(explanation)")
    }

    private mutating func turnOff() -> [Action] {
        state = .off
        backoff.reset()
        outage = nil
        shortInARow = 0
        return setReady(false)
    }

    private mutating func pollNext(_ now: NIODeadline, _ hasRoom: Bool) -> [Action] {
        if case .stopped = state { return [] }
        guard hasRoom else {
            state = .full
            return []
        }
        state = .polling(since: now)
        return [.poll(limit: limit)]
    }

    private mutating func pause(_ time: TimeAmount) -> [Action] {
        state = .pausing
        return [.pause(time)]
    }

    private mutating func succeeded(_ now: NIODeadline, resets: Bool = true) -> [Action] {
        var actions = setReady(true)
        if resets { backoff.reset() }
        if outage != nil {
            actions.append(.note(.outageEnded))
        } else if !wasAnswered {
            actions.append(.note(.firstAnswer))
        }
        outage = nil
        wasAnswered = true
        // Polls do succeed between two that are superseded: the clash is over only when it has not shown for long.
        if let last = lastSuperseded, now - last > Self.clashMemory {
            lastSuperseded = nil
            clashBackoff.reset()
            actions.append(.note(.clashEnded))
        }
        return actions
    }

    private mutating func failed(_ explanation: String, isDenial: Bool = false) -> [Action] {
        let isNews = outage == nil || isDenial && outage == .trouble
        if isNews { outage = isDenial ? .denial : .trouble }
        return setReady(false) + (isNews ? [.note(.outageBegan(explanation))] : [])
    }

    private mutating func setReady(_ ready: Bool) -> [Action] {
        guard ready != isReady else { return [] }
        isReady = ready
        return [.setReady(ready)]
    }
}
