import Failures
import NIOCore
import Wire

/// How a response becomes a push: a value without sockets.
///
/// States and what may follow:
/// - `.idle` → `.gathering`, `.answering` (a failure is reported)
/// - `.gathering` the head and the first `headStart` bytes, so that small responses are pushed in one piece, which can be repeated if a
///   kept connection turns out dead, and so that a target that breaks off early can still be reported as what it is → `.answering`
///   (complete, or a failure is reported in its place), `.opening`
/// - `.opening` a push whose body will be streamed; what comes meanwhile is kept → `.streaming`, `.answering` (the response was complete
///   by then, or a failure is reported in its place)
/// - `.streaming` → `.answering`; a failure can only be shown by cutting the push → `.over`
/// - `.answering`: the push is complete, the proxy's answer is awaited → `.over`
///
/// and `.over` from all of them, when the proxy answers early, the push fails or the scrape is cancelled. The push's events are ignored
/// where there is no push: in `.idle`, `.gathering` and `.over`.
struct PushAssembly {
    enum Action {
        /// Push a response that is complete.
        case pushWhole(ResponseHead, [ByteBuffer])
        /// Open a push whose body follows.
        case open(ResponseHead)
        case write(ByteBuffer)
        case flush
        case finish
        /// Push a failure.
        case report(FailureKind, String)
        /// End the push under way so that nobody takes it for complete.
        case cut
        /// The last three are what the scrape hears of its sink (`ResponseSinkDelegate`).
        case tellBegan
        case tellWantsMore
        case tellClosed(error: String?)
    }

    /// How much of a response is held back before its push begins, in bytes.
    static let headStart = 65_536

    private enum State {
        case idle
        case gathering(ResponseHead, parts: [ByteBuffer], bytes: Int)
        case opening(parts: [ByteBuffer], isComplete: Bool)
        case streaming
        case answering
        case over
    }

    private var state = State.idle

    init() {}

    /// - Parameter pushIsWritable: whether the push takes more without piling it up.
    func wantsMore(pushIsWritable: Bool) -> Bool {
        switch state {
        case .idle: true
        case .gathering(_, _, let bytes): bytes <= Self.headStart
        case .streaming: pushIsWritable
        case .opening, .answering, .over: false
        }
    }

    // MARK: Events from the scrape

    mutating func began(_ head: ResponseHead) -> [Action] {
        if case .idle = state { state = .gathering(head, parts: [], bytes: 0) }
        return []
    }

    mutating func bodyArrived(_ slice: ByteBuffer) -> [Action] {
        switch state {
        case .gathering(let head, var parts, let bytes):
            // Let go of the state's own reference, or every part copies the array.
            state = .over
            parts.append(slice)
            state = .gathering(head, parts: parts, bytes: bytes + slice.readableBytes)
            return []
        case .opening(var parts, let isComplete):
            state = .over
            parts.append(slice)
            state = .opening(parts: parts, isComplete: isComplete)
            return []
        case .streaming: return [.write(slice)]
        case .idle, .answering, .over: return []
        }
    }

    mutating func batchEnded() -> [Action] {
        switch state {
        case .gathering(let head, let parts, let bytes) where bytes > Self.headStart:
            state = .opening(parts: parts, isComplete: false)
            return [.tellBegan, .open(head)]
        case .streaming: return [.flush]
        case .idle, .gathering, .opening, .answering, .over: return []
        }
    }

    mutating func responseEnded() -> [Action] {
        switch state {
        case .gathering(let head, let parts, _):
            state = .answering
            return [.pushWhole(head, parts)]
        case .opening(let parts, _):
            state = .opening(parts: parts, isComplete: true)
            return []
        case .streaming:
            state = .answering
            return [.finish]
        case .idle, .answering, .over: return []
        }
    }

    mutating func scrapeFailed(_ failure: FailureKind, _ text: String) -> [Action] {
        switch state {
        case .idle, .gathering:
            state = .answering
            return [.report(failure, text)]
        // Nothing of the push has been sent: its head goes out with the body's first bytes.
        case .opening:
            state = .answering
            return [.cut, .report(failure, text)]
        case .streaming:
            state = .over
            return [.cut, .tellClosed(error: nil)]
        case .answering, .over: return []
        }
    }

    mutating func cancelled() -> [Action] {
        if case .over = state { return [] }
        state = .over
        return [.cut]
    }

    // MARK: Events from the push

    mutating func pushOpened() -> [Action] {
        // The other pushes were complete from the start.
        guard case .opening(let parts, let isComplete) = state else { return [] }
        state = isComplete ? .answering : .streaming
        return parts.map { .write($0) } + (isComplete ? [.finish] : [.flush, .tellWantsMore])
    }

    mutating func pushBecameWritable() -> [Action] {
        if case .streaming = state { return [.tellWantsMore] }
        return []
    }

    mutating func pushAnswered(status: Int) -> [Action] {
        let refusal = Self.refusal(status)
        switch state {
        case .answering: return close(refusal)
        case .opening, .streaming: return close(refusal ?? "the proxy answered the push before it was complete")
        case .idle, .gathering, .over: return []
        }
    }

    /// `nil` for the one answer that takes the push.
    private static func refusal(_ status: Int) -> String? {
        let said = "the proxy answered the push with status \(status)"
        return switch status {
        case 200: nil
        case 401, 403: "\(said): it takes a response only from the client that it handed the scrape to"
        case 404: "\(said): nobody waits for this scrape any more"
        default: said
        }
    }

    mutating func pushFailed(_ explanation: String) -> [Action] {
        switch state {
        case .opening, .streaming, .answering: return close(explanation)
        case .idle, .gathering, .over: return []
        }
    }

    private mutating func close(_ error: String?) -> [Action] {
        state = .over
        return [.tellClosed(error: error)]
    }
}
