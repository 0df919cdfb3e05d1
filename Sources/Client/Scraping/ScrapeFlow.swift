import Failures
import NIOCore
import Wire

/// The decisions of one scrape, from the request to the target until the proxy has the response: a value without sockets.
///
/// States and what may follow:
/// - `.awaiting` the target's head → `.relaying`, `.failing`
/// - `.relaying` the response to the sink; while that wants no more, the target is not asked for more, and what comes from it all the
///   same goes to the sink nevertheless → `.complete`, `.failing`
/// - `.complete`: the sink has the whole response and has not closed yet → `.over`
/// - `.failing`: the sink knows of the failure and has not closed yet → `.over`
///
/// and `.over` from all of them, when the sink closes, the scrape's time is up or the program ends.
///
/// Not to ask for more is a wish: once its peer has closed, a channel delivers all that is left in the socket, and the end, whether
/// it was asked or not. Bytes, end and failure of the target are therefore legal in every state in which its exchange lives:
/// `.awaiting` and `.relaying`. What comes early is at most what the socket's receive queue held, which the system bounds
/// (`tcp_rmem`).
/// In the other states the target's exchange has ended, has failed or was abandoned, and then says nothing more (`ExchangeDelegate`): only
/// there are its events ignored. A sink may close in every state.
struct ScrapeFlow {
    /// How a scrape ended.
    struct Conclusion: Equatable {
        /// What went wrong at the target; reported to the proxy unless the response had begun.
        var failure: FailureKind?
        /// What went wrong on the way to the proxy.
        var sinkError: String?
        var explanation: String?
    }

    enum Action {
        case readTarget
        /// The next five are for the sink.
        case begin(ResponseHead)
        case write(ByteBuffer)
        case flush
        case end
        case fail(FailureKind, String)
        case abandonTarget
        case abandonSink
        case conclude(Conclusion)
    }

    /// Which of a scrape's two time limits has passed.
    enum Limit {
        /// The target's, a little earlier: its passing can still be reported in time.
        case target
        /// The scrape's own.
        case scrape
    }

    private enum State {
        case awaiting
        /// - Parameters:
        ///   - hasBegun: whether the sink has sent something of the response.
        ///   - isPaused: whether the sink wants no more.
        case relaying(hasBegun: Bool, isPaused: Bool)
        case complete
        case failing(FailureKind, String)
        case over
    }

    private var state = State.awaiting

    init() {}

    // MARK: Events from the target

    mutating func headArrived(_ head: ResponseHead) -> [Action] {
        guard case .awaiting = state else { return [] }
        state = .relaying(hasBegun: false, isPaused: false)
        return [.begin(head)]
    }

    mutating func bodyArrived(_ slice: ByteBuffer) -> [Action] {
        switch state {
        case .relaying: return [.write(slice)]
        // No body comes before its head.
        case .awaiting: return []
        case .complete, .failing, .over: return []
        }
    }

    mutating func readBatchEnded(sinkWantsMore: Bool) -> [Action] {
        switch state {
        case .awaiting: return [.readTarget]
        case .relaying(let hasBegun, _):
            state = .relaying(hasBegun: hasBegun, isPaused: !sinkWantsMore)
            return sinkWantsMore ? [.flush, .readTarget] : [.flush]
        case .complete, .failing, .over: return []
        }
    }

    mutating func responseEnded() -> [Action] {
        switch state {
        case .relaying:
            state = .complete
            return [.end]
        // No response ends before its head.
        case .awaiting: return []
        case .complete, .failing, .over: return []
        }
    }

    mutating func targetFailed(_ failure: FailureKind, _ explanation: String) -> [Action] {
        switch state {
        case .awaiting, .relaying: return fail(failure, explanation)
        case .complete, .failing, .over: return []
        }
    }

    // MARK: Events from the sink

    mutating func sinkBegan() -> [Action] {
        if case .relaying(_, let isPaused) = state { state = .relaying(hasBegun: true, isPaused: isPaused) }
        return []
    }

    mutating func sinkWantsMore() -> [Action] {
        guard case .relaying(let hasBegun, isPaused: true) = state else { return [] }
        state = .relaying(hasBegun: hasBegun, isPaused: false)
        return [.readTarget]
    }

    mutating func sinkClosed(error: String?) -> [Action] {
        switch state {
        case .awaiting, .relaying:
            let early = error ?? "the response was not wanted to its end"
            return [.abandonTarget] + conclude(Conclusion(sinkError: early))
        case .complete: return conclude(Conclusion(sinkError: error))
        case .failing(let failure, let explanation):
            return conclude(Conclusion(failure: failure, sinkError: error, explanation: explanation))
        case .over: return []
        }
    }

    // MARK: Events from the clock and from above

    mutating func limitPassed(_ limit: Limit) -> [Action] {
        switch state {
        case .awaiting, .relaying(hasBegun: false, _):
            return [.abandonTarget] + fail(.targetTimeout, "the target did not answer in time")
        case .relaying(hasBegun: true, isPaused: true):
            guard limit == .scrape else { return [] }
            return [.abandonTarget, .abandonSink]
                + conclude(Conclusion(sinkError: "the proxy did not take the response in time"))
        case .relaying(hasBegun: true, isPaused: false):
            guard limit == .scrape else { return [] }
            return [.abandonTarget] + fail(.targetTimeout, "the target did not finish in time")
        case .complete:
            guard limit == .scrape else { return [] }
            return [.abandonSink] + conclude(Conclusion(sinkError: "the proxy did not answer in time"))
        case .failing(let failure, let explanation):
            guard limit == .scrape else { return [] }
            let late = "the proxy did not answer in time"
            return [.abandonSink]
                + conclude(Conclusion(failure: failure, sinkError: late, explanation: explanation))
        case .over: return []
        }
    }

    /// The scrape was not even begun at the target.
    mutating func refused(_ failure: FailureKind, _ explanation: String) -> [Action] {
        guard case .awaiting = state else { return [] }
        return fail(failure, explanation)
    }

    /// The program ends.
    mutating func cancelled() -> [Action] {
        if case .over = state { return [] }
        return [.abandonTarget, .abandonSink]
            + conclude(Conclusion(failure: .scrapeFailed, explanation: "the client is shutting down"))
    }

    private mutating func fail(_ failure: FailureKind, _ explanation: String) -> [Action] {
        state = .failing(failure, explanation)
        return [.fail(failure, explanation)]
    }

    private mutating func conclude(_ conclusion: Conclusion) -> [Action] {
        state = .over
        return [.conclude(conclusion)]
    }
}
