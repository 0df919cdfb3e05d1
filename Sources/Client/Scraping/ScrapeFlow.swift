import Failures
import NIOCore
import Wire

/// The decisions of one scrape, from the request to the target until the proxy has the response: a value without sockets.
///
/// States and what may follow:
/// - `.awaiting` the target's head → `.holding`, `.reporting`
/// - `.holding` the head and the first `headStart` bytes back, so that a target that breaks off early can still be reported as
///   what it is → `.answering` (the response was complete: it is pushed whole), `.opening`, `.reporting`
/// - `.opening` a push whose body will be streamed; the target is not asked for more, and what comes from it all the same is
///   kept → `.streaming`, `.answering` (the response was complete by then), `.reporting`
/// - `.streaming` → `.answering`; a target that fails now can only be shown by cutting the push: → `.over`
/// - `.answering`: the push is complete, the proxy's answer is awaited → `.over`
/// - `.reporting` a failure by a push of its own → `.over`
///
/// Not to ask for more is a wish: once its peer has closed, a channel delivers all that is left in the socket, and the end, whether
/// it was asked or not. Bytes, end and failure of the target are therefore legal in every state in which its exchange lives:
/// `.awaiting`, `.holding`, `.opening`, `.streaming`. What comes early is at most what the socket's receive queue held, which the
/// system bounds (`tcp_rmem`).
/// In `.answering`, `.reporting` and `.over` the target's exchange has ended, has failed or was abandoned, and then says nothing
/// more (`ExchangeDelegate`): only there are its events ignored. The same holds for the push's events while there is no push:
/// in `.awaiting`, `.holding` and `.over`.
struct ScrapeFlow {
    /// How a scrape ended.
    struct Conclusion: Equatable {
        /// What went wrong at the target; reported to the proxy unless the push had begun.
        var failure: FailureKind?
        /// What went wrong on the way to the proxy.
        var pushError: String?
        var explanation: String?
    }

    enum Action {
        case readTarget
        /// Push a response that is complete.
        case pushWhole(ResponseHead, [ByteBuffer])
        /// Open a push whose body follows.
        case openPush(ResponseHead)
        case writePush(ByteBuffer)
        case flushPush
        case finishPush
        case report(FailureKind, String)
        case abandonTarget
        case abandonPush
        case conclude(Conclusion)
    }

    /// Which of a scrape's two time limits has passed.
    enum Limit {
        /// The target's, a little earlier: its passing can still be reported in time.
        case target
        /// The scrape's own.
        case scrape
    }

    /// How much of a response is held back before its push begins, in bytes.
    static let headStart = 65_536

    private enum State {
        case awaiting
        case holding(ResponseHead, parts: [ByteBuffer], bytes: Int)
        case opening(parts: [ByteBuffer], isComplete: Bool)
        case streaming(paused: Bool)
        case answering
        case reporting(FailureKind, String)
        case over
    }

    private var state = State.awaiting

    init() {}

    // MARK: Events from the target

    mutating func headArrived(_ head: ResponseHead) -> [Action] {
        if case .awaiting = state { state = .holding(head, parts: [], bytes: 0) }
        return []
    }

    mutating func bodyArrived(_ slice: ByteBuffer) -> [Action] {
        switch state {
        case .holding(let head, var parts, let bytes):
            // Let go of the state's own reference, or every part copies the array.
            state = .over
            parts.append(slice)
            state = .holding(head, parts: parts, bytes: bytes + slice.readableBytes)
            return []
        case .opening(var parts, let isComplete):
            state = .over
            parts.append(slice)
            state = .opening(parts: parts, isComplete: isComplete)
            return []
        case .streaming: return [.writePush(slice)]
        // No body comes before its head.
        case .awaiting: return []
        case .answering, .reporting, .over: return []
        }
    }

    /// - Parameter pushIsWritable: whether the push takes more without piling it up.
    mutating func readBatchEnded(pushIsWritable: Bool) -> [Action] {
        switch state {
        case .awaiting: return [.readTarget]
        case .holding(let head, let parts, let bytes):
            guard bytes > Self.headStart else { return [.readTarget] }
            state = .opening(parts: parts, isComplete: false)
            return [.openPush(head)]
        case .streaming:
            state = .streaming(paused: !pushIsWritable)
            return pushIsWritable ? [.flushPush, .readTarget] : [.flushPush]
        // The target is asked for more when the push has opened.
        case .opening: return []
        case .answering, .reporting, .over: return []
        }
    }

    mutating func responseEnded() -> [Action] {
        switch state {
        case .holding(let head, let parts, _):
            state = .answering
            return [.pushWhole(head, parts)]
        case .opening(let parts, _):
            state = .opening(parts: parts, isComplete: true)
            return []
        case .streaming:
            state = .answering
            return [.finishPush]
        // No response ends before its head.
        case .awaiting: return []
        case .answering, .reporting, .over: return []
        }
    }

    mutating func targetFailed(_ failure: FailureKind, _ explanation: String) -> [Action] {
        switch state {
        case .awaiting, .holding: return report(failure, explanation)
        // Nothing of the push has been sent: its head goes out with the body's first bytes.
        case .opening: return [.abandonPush] + report(failure, explanation)
        case .streaming:
            return [.abandonPush] + conclude(Conclusion(failure: failure, explanation: explanation))
        case .answering, .reporting, .over: return []
        }
    }

    // MARK: Events from the proxy

    mutating func pushOpened() -> [Action] {
        // The other pushes were complete from the start.
        guard case .opening(let parts, let isComplete) = state else { return [] }
        state = isComplete ? .answering : .streaming(paused: false)
        return parts.map { .writePush($0) } + (isComplete ? [.finishPush] : [.flushPush, .readTarget])
    }

    mutating func pushBecameWritable() -> [Action] {
        guard case .streaming(paused: true) = state else { return [] }
        state = .streaming(paused: false)
        return [.readTarget]
    }

    mutating func pushAnswered(status: Int) -> [Action] {
        let refusal = status == 200 ? nil : "the proxy answered the push with status \(status)"
        switch state {
        case .answering: return conclude(Conclusion(pushError: refusal))
        case .reporting(let failure, let explanation):
            return conclude(Conclusion(failure: failure, pushError: refusal, explanation: explanation))
        case .opening, .streaming:
            let early = refusal ?? "the proxy answered the push before it was complete"
            return [.abandonTarget] + conclude(Conclusion(pushError: early))
        case .awaiting, .holding, .over: return []
        }
    }

    mutating func pushFailed(_ explanation: String) -> [Action] {
        switch state {
        case .answering: return conclude(Conclusion(pushError: explanation))
        case .reporting(let failure, let own):
            return conclude(Conclusion(failure: failure, pushError: explanation, explanation: own))
        case .opening, .streaming: return [.abandonTarget] + conclude(Conclusion(pushError: explanation))
        case .awaiting, .holding, .over: return []
        }
    }

    // MARK: Events from the clock and from above

    mutating func limitPassed(_ limit: Limit) -> [Action] {
        switch state {
        case .awaiting, .holding:
            return [.abandonTarget] + report(.targetTimeout, "the target did not answer in time")
        case .opening, .streaming(paused: true):
            guard limit == .scrape else { return [] }
            return [.abandonTarget, .abandonPush]
                + conclude(Conclusion(pushError: "the proxy did not take the response in time"))
        case .streaming(paused: false):
            guard limit == .scrape else { return [] }
            return [.abandonTarget, .abandonPush]
                + conclude(Conclusion(failure: .targetTimeout, explanation: "the target did not finish in time"))
        case .answering:
            guard limit == .scrape else { return [] }
            return [.abandonPush] + conclude(Conclusion(pushError: "the proxy did not answer the push in time"))
        case .reporting(let failure, let explanation):
            guard limit == .scrape else { return [] }
            return [.abandonPush]
                + conclude(
                    Conclusion(
                        failure: failure, pushError: "the proxy did not answer the push in time",
                        explanation: explanation))
        case .over: return []
        }
    }

    /// The scrape was not even begun at the target.
    mutating func refused(_ failure: FailureKind, _ explanation: String) -> [Action] { report(failure, explanation) }

    /// The program ends.
    mutating func cancelled() -> [Action] {
        if case .over = state { return [] }
        return [.abandonTarget, .abandonPush]
            + conclude(Conclusion(failure: .scrapeFailed, explanation: "the client is shutting down"))
    }

    private mutating func report(_ failure: FailureKind, _ explanation: String) -> [Action] {
        state = .reporting(failure, explanation)
        return [.report(failure, explanation)]
    }

    private mutating func conclude(_ conclusion: Conclusion) -> [Action] {
        state = .over
        return [.conclude(conclusion)]
    }
}
