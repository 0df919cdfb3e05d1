import DequeModule
import Failures
import NIOCore
import Wire

/// The pure half of a response that comes through a tunnel: takes its bytes apart, and decides what goes on to the scraper, what
/// credit the client gets for more, and how it ends.
///
/// States: head (the response's head is not complete) → asking (does the scrape wait still? answered before anything else comes) →
/// relaying → done. Bytes are the client's to send only within its window, so nothing here ever stops reading: what is kept is
/// bounded by the credit that was given, and the parts that it is kept in by `maxParts`.
struct StreamFlow {
    /// Parts that are on their way to the scraper's socket at most. While there are so many, what comes is gathered for the next.
    static let maxParts = 64

    /// What to do, in this order.
    struct Step {
        /// Find out whether the scrape waits still, and say `scrapeFound` or `scrapeUnknown`. Nothing but credit is in such a step.
        var asks = false
        var part: RelayPart?
        var failure: Failure?
        /// So many bytes more may come from the client.
        var credit = 0
        /// The client's end of the stream is of no use any more.
        var resets = false
    }

    struct Failure {
        let kind: FailureKind
        let detail: String
        /// What the scraper was sent; `nil` for nothing.
        var sent: SentPart?
        /// The scrape was not asked about: whether it waits still has to be found out first.
        var isUnasked = false
    }

    private enum State {
        case head
        case asking(PushedResponseHead)
        case relaying
        case done
    }

    private var state = State.head
    private var parser: PushedResponseParser
    private var gathered = RelayPart()
    /// Arrived since the last part; bytes of the tunnel.
    private var uncredited = 0
    /// Of the parts that are on their way to the scraper's socket, oldest first: the bytes of the tunnel that each stands for.
    private var underWay = Deque<Int>()
    /// Handed on to the scraper so far.
    private var sent: SentPart?

    /// - Parameter maxHeadBytes: The largest head of a response that is taken.
    init(maxHeadBytes: Int) { parser = PushedResponseParser(maxHeadBytes: maxHeadBytes) }

    /// The status that the scraper will be sent; `nil` when nothing is known.
    var status: Int? {
        guard case .asking(let head) = state else { return nil }
        return head.status
    }

    /// Not a byte of an answer has come: the scrape may be handed to another delivery.
    private(set) var isUntouched = true

    // MARK: Events

    mutating func bytesArrived(_ bytes: ByteBuffer) -> Step {
        if case .done = state { return Step() }
        isUntouched = false
        uncredited += bytes.readableBytes
        parser.receive(bytes)
        return parse()
    }

    /// - Parameter isHead: The scrape is a HEAD request, so that its response has no body.
    mutating func scrapeFound(isHead: Bool) -> Step {
        guard case .asking(let head) = state else { return Step() }
        if isHead { parser.expectNoBody() }
        state = .relaying
        gathered.head = head
        return parse()
    }

    mutating func scrapeUnknown() -> Step { give(up: nil) }

    /// All that one read brought has arrived: it goes on in one piece.
    mutating func batchEnded() -> Step {
        var step = Step()
        switch state {
        case .relaying where underWay.count >= Self.maxParts: break
        case .relaying where !gathered.isEmpty:
            step.part = takePart()
            if step.part?.isLast == true { state = .done }
        // A head, or a chunk's size line, that is not complete is kept by the parser, within its bound.
        case .head, .asking, .relaying:
            step.credit = uncredited
            uncredited = 0
        case .done: break
        }
        return step
    }

    /// The client is done with the stream: its response is complete, or never will be.
    mutating func ended() -> Step {
        if case .done = state { return Step() }
        do throws(PushedResponseParser.Failure) {
            _ = try parser.finish()
        } catch {
            return refuse(error, resets: false)
        }
        gathered.isLast = true
        return batchEnded()
    }

    /// The client gave the stream up, and says why.
    mutating func wasReset(_ kind: FailureKind, _ text: String) -> Step {
        fail(sent == nil ? kind : .pushBroken, text, resets: false)
    }

    /// The tunnel is gone.
    mutating func lost(_ explanation: String) -> Step { fail(.pushBroken, explanation, resets: false) }

    /// The oldest part that was on its way has gone to the scraper's socket.
    mutating func relayed() -> Step {
        var step = Step()
        let bytes = underWay.popFirst() ?? 0
        if case .done = state { return step }
        if underWay.count == Self.maxParts - 1, !gathered.isEmpty { step = batchEnded() }
        step.credit += bytes
        return step
    }

    /// Nobody wants the rest.
    mutating func abandoned() -> Step { give(up: nil) }

    // MARK: Decisions

    private mutating func parse() -> Step {
        do throws(PushedResponseParser.Failure) {
            while true {
                switch try parser.next() {
                case .head(let head):
                    state = .asking(head)
                    var step = Step()
                    step.asks = true
                    return step
                case .body(let slice): gathered.add(slice)
                // What follows the response's end is skipped; it is complete when the client says so.
                case .end, .needsMore: return Step()
                }
            }
        } catch {
            return refuse(error, resets: true)
        }
    }

    private mutating func takePart() -> RelayPart {
        let part = gathered
        gathered = RelayPart()
        underWay.append(uncredited)
        uncredited = 0
        if let head = part.head { sent = SentPart(status: head.status, bytes: 0) }
        sent?.bytes += part.bodyBytes
        return part
    }

    /// What came is no response, or not a whole one.
    private mutating func refuse(_ failure: PushedResponseParser.Failure, resets: Bool) -> Step {
        let kind: FailureKind =
            switch failure {
            case .malformedHead, .endedInHead: .badPush
            case .malformedBody, .endedInBody: .pushBroken
            }
        return fail(kind, failure.explanation, resets: resets)
    }

    /// Ends the stream, and says so to its scrape. What was gathered and not handed on is of no use any more: a scraper that was sent
    /// nothing yet is better told what happened.
    private mutating func fail(_ kind: FailureKind, _ detail: String, resets: Bool) -> Step {
        let failure: Failure
        switch state {
        case .head: failure = Failure(kind: kind, detail: detail, isUnasked: true)
        case .asking, .relaying: failure = Failure(kind: kind, detail: detail, sent: sent)
        case .done: return Step()
        }
        var step = give(up: failure)
        step.resets = resets
        return step
    }

    private mutating func give(up failure: Failure?) -> Step {
        guard case .done = state else {
            state = .done
            var step = Step()
            step.failure = failure
            step.resets = failure == nil
            return step
        }
        return Step()
    }
}
