import Failures
import NIOCore
import Wire

/// The pure half of a push: takes its bytes apart, and decides what goes on to the scraper, when reading stops, and how it ends.
///
/// States: head (the response's head is not complete) → asking (whose scrape is it? answered before anything else comes) →
/// relaying, or reporting (the client failed, and says why) → relayed (the whole response has been handed on) → done.
///
/// Nothing that arrives is dropped but what follows the response's end, which upstream skips too, and what comes after the push was
/// answered: by then its scrape has all of the response, or has been told of the failure.
struct PushFlow {
    /// What to do, in this order.
    struct Step {
        /// Find the scrape, and say `scrapeFound` or `scrapeUnknown`. Nothing else is in such a step.
        var question: ScrapeID?
        /// Whether the request has to arrive soon again: not while the scrape's deadline bounds it.
        var runsClock: Bool?
        var pausesReading: Bool?
        var part: RelayPart?
        var failure: Failure?
        var answer: Answer?
    }

    struct Failure {
        let scrape: ScrapeID
        let kind: FailureKind
        let detail: String
        /// What the scraper was sent; `nil` for nothing.
        var sent: SentPart?
        /// The scrape was not asked about: whether it waits for this push has to be found out first.
        var isSalvaged = false
    }

    /// What the client is told.
    enum Answer {
        case accepted, withoutID, unknown, abandoned
        case malformed(String)
    }

    private enum State {
        case head
        case asking(PushedResponseHead)
        case relaying
        case relayed
        case reporting(FailureKind, text: ByteBuffer)
        case done
    }

    /// Memory under way to the scraper, in bytes (`RelayPart.heldBytes`), at which reading stops, and down to which it resumes.
    /// With one read of at most 128 KiB (`WebLimits.maxReadBytes`) on top, a scrape holds no more than 192 KiB.
    static let highWater = 65_536
    static let lowWater = 32_768
    /// The most that is under way when a client closes while its push is held back: the system then delivers what is left all at
    /// once. A response that is complete within this still arrives; a longer one has broken off.
    static let most = 1_048_576
    /// The most of a client's own failure text that is kept; bytes.
    static let maxReport = 400

    private var state = State.head
    private var parser: PushedResponseParser
    private var id: ScrapeID?
    private var gathered = RelayPart()
    private var underWay = 0
    /// Handed on to the scraper so far.
    private var sent: SentPart?

    /// - Parameter maxHeadBytes: The largest head of a response that is taken.
    init(maxHeadBytes: Int) { parser = PushedResponseParser(maxHeadBytes: maxHeadBytes) }

    /// The status that the scraper will be sent; `nil` when the client reports a failure of its own, or nothing is known.
    var status: Int? {
        guard case .asking(let head) = state, Self.reportedFailure(head) == nil else { return nil }
        return head.status
    }

    // MARK: Events

    mutating func bytesArrived(_ bytes: ByteBuffer) -> Step {
        switch state {
        case .relayed, .done: return Step()
        case .head, .asking, .relaying, .reporting: break
        }
        parser.receive(bytes)
        return parse()
    }

    /// - Parameter isHead: The scrape is a HEAD request, so that its response has no body.
    mutating func scrapeFound(isHead: Bool) -> Step {
        guard case .asking(let head) = state else { return Step() }
        if let kind = Self.reportedFailure(head) {
            state = .reporting(kind, text: ByteBuffer())
        } else {
            if isHead { parser.expectNoBody() }
            state = .relaying
            gathered.head = head
        }
        var step = parse()
        // The scrape's deadline bounds this request from here on.
        step.runsClock = false
        return step
    }

    mutating func scrapeUnknown() -> Step { end(with: .unknown) }

    /// All that one read brought has arrived: it goes on in one piece.
    mutating func batchEnded() -> Step {
        guard case .relaying = state, !gathered.isEmpty else { return Step() }
        var step = Step()
        step.part = takePart()
        if step.part?.isLast == true {
            state = .relayed
            // Nobody's deadline bounds this request any more, and nothing of it needs holding back.
            step.runsClock = true
            step.pausesReading = false
        } else if underWay > Self.highWater {
            step.pausesReading = true
        }
        return step
    }

    /// The push is complete.
    mutating func bodyEnded() -> Step {
        switch state {
        case .done: return Step()
        case .relayed: return end(with: .accepted)
        case .head, .asking, .relaying, .reporting: break
        }
        do throws(PushedResponseParser.Failure) {
            if try parser.finish() { gathered.isLast = true }
        } catch {
            return refuse(error)
        }
        if case .reporting = state { return fail(.accepted, .pushBroken, "") }
        var step = batchEnded()
        state = .done
        step.answer = .accepted
        return step
    }

    mutating func connectionLost() -> Step {
        switch state {
        case .relayed, .done: return end(with: nil)
        case .head:
            // Fails always: there is no whole head.
            _ = try? parser.finish()
            return fail(nil, .pushBroken, Self.lost)
        case .relaying where gathered.isLast:
            let step = batchEnded()
            state = .done
            return step
        case .asking, .relaying, .reporting: return fail(nil, .pushBroken, Self.lost)
        }
    }

    /// So many bytes (`RelayPart.heldBytes`) have gone to the scraper's socket.
    mutating func relayed(_ bytes: Int) -> Step {
        var step = Step()
        guard case .relaying = state else { return step }
        underWay -= bytes
        if underWay <= Self.lowWater { step.pausesReading = false }
        return step
    }

    /// Nobody wants the rest.
    mutating func abandoned() -> Step {
        switch state {
        case .relayed, .done: Step()
        case .head, .asking, .relaying, .reporting: end(with: .abandoned)
        }
    }

    // MARK: Decisions

    private static let lost = "the client's connection was lost"

    private mutating func parse() -> Step {
        do throws(PushedResponseParser.Failure) {
            parsing: while true {
                switch try parser.next() {
                case .head(let head):
                    guard let text = head.id else { return end(with: .withoutID) }
                    guard let scrape = ScrapeID(text) else { return end(with: .unknown) }
                    id = scrape
                    state = .asking(head)
                    var step = Step()
                    step.question = scrape
                    return step
                case .body(let slice): take(slice)
                case .end: gathered.isLast = true
                case .needsMore: break parsing
                }
            }
        } catch {
            return refuse(error)
        }
        if case .relaying = state, !gathered.isLast, underWay + gathered.heldBytes > Self.most {
            return fail(
                .malformed("the push was closed before its scraper had read it"), .pushBroken,
                "the client closed its connection while the scraper was still reading")
        }
        return Step()
    }

    private mutating func take(_ slice: ByteBuffer) {
        switch state {
        case .relaying: gathered.add(slice)
        case .reporting(let kind, var text):
            let room = Self.maxReport - text.readableBytes
            if let part = slice.getSlice(at: slice.readerIndex, length: min(room, slice.readableBytes)) {
                text.writeImmutableBuffer(part)
            }
            state = .reporting(kind, text: text)
        // The parser gives a body only behind a head, and the question about it is answered at once.
        case .head, .asking, .relayed, .done: break
        }
    }

    private mutating func takePart() -> RelayPart {
        let part = gathered
        gathered = RelayPart()
        underWay += part.heldBytes
        if let head = part.head { sent = SentPart(status: head.status, bytes: 0) }
        sent?.bytes += part.bodyBytes
        return part
    }

    /// The push is no response, or not a whole one.
    private mutating func refuse(_ failure: PushedResponseParser.Failure) -> Step {
        let kind: FailureKind =
            switch failure {
            case .malformedHead, .endedInHead: .badPush
            case .malformedBody, .endedInBody: .pushBroken
            }
        return fail(.malformed(failure.explanation), kind, failure.explanation)
    }

    /// Ends the push, and says so to its scrape, as far as that is known. What was gathered and not handed on is of no use any more: a
    /// scraper that was sent nothing yet is better told what happened.
    private mutating func fail(_ answer: Answer?, _ kind: FailureKind, _ detail: String) -> Step {
        var step = Step()
        switch state {
        case .head:
            // The scrape may still be told, if the push at least says whose it is.
            if let scrape = parser.salvagedID.flatMap({ ScrapeID($0) }) {
                step.failure = Failure(scrape: scrape, kind: kind, detail: detail, isSalvaged: true)
            }
        case .asking, .relaying:
            step.failure = id.map { Failure(scrape: $0, kind: kind, detail: detail, sent: sent) }
        case .reporting(let reported, let text):
            step.failure = id.map { Failure(scrape: $0, kind: reported, detail: Self.line(text)) }
        case .relayed, .done: break
        }
        state = .done
        step.answer = answer
        return step
    }

    private mutating func end(with answer: Answer?) -> Step {
        state = .done
        var step = Step()
        step.answer = answer
        return step
    }

    /// Why the client says that it failed itself; `nil` for a target's answer.
    private static func reportedFailure(_ head: PushedResponseHead) -> FailureKind? {
        if let reported = head.failure { return FailureKind(reported: reported) }
        return head.isUpstreamFailure ? .scrapeFailed : nil
    }

    private static func line(_ text: ByteBuffer) -> String {
        String(decoding: text.readableBytesView, as: UTF8.self).withoutControls.trimmingSpaces()
    }
}
