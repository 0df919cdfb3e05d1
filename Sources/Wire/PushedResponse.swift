import NIOCore

/// The head of the response that a push carries.
public struct PushedResponseHead: Sendable {
    public let message: MessageHead
    /// 200…999.
    public let status: Int
    /// How the body is delimited inside the push.
    public let framing: Framing
    /// The scrape it answers: the text of its `Id`, `nil` when there is none.
    public let id: String?
    /// The client's own reason for a failure of its own; `nil` for a target's answer.
    public let failure: String?
    /// Whether upstream's client made this response because it failed: Go writes a response without a version as `HTTP/0.0`.
    public let isUpstreamFailure: Bool

    private static let internalFields = [HeaderName.id, HeaderName.pushedTimeout, HeaderName.scrapeTimeout]

    init(_ message: MessageHead) throws(HeadError) {
        // An interim response can't end a scrape, and 101 would turn the connection into something else.
        guard let line = StatusLine(of: message), line.status >= 200 else { throw .malformedStartLine }
        self.message = message
        self.status = line.status
        let announced = try Framing.announced(by: message)
        self.framing = line.status == 204 || line.status == 304 ? .none : announced ?? .untilEnd
        self.id = message.first(HeaderName.id)
        self.failure = message.first(HeaderName.failure)
        self.isUpstreamFailure = line.major == 0 && line.minor == 0
    }

    /// The status and its reason phrase as the target gave them, `200 OK`, and a CRLF. Of a phrase beyond printable ASCII only what
    /// may be shown (`withoutControls`).
    public func writeStatusAndReason(into buffer: inout ByteBuffer) { message.writeStatusAndReason(into: &buffer) }

    /// The same as text to show, without the line end.
    public var statusAndReason: String { message.statusAndReason }

    /// The end-to-end fields of the target's response, unchanged and in order: without hop-by-hop fields, without the ones that
    /// only link poll and push. `Content-Length` stays, but for 204 and 304: nothing follows those heads (RFC 9112 section 6.3), and
    /// whoever believes another length waits for it.
    public func writeFields(into buffer: inout ByteBuffer) {
        let hasNoBody = status == 204 || status == 304
        message.writeEndToEndFields(into: &buffer) { name in
            switch name.count {
            case 2, 27, 35: Self.internalFields.contains { name.equalsIgnoringCase($0) }
            case 14: hasNoBody && name.equalsIgnoringCase("Content-Length")
            default: false
            }
        }
    }
}

/// Takes a push apart while it arrives: the head of the response inside, then its body, slice by slice.
///
/// Legal order of what comes out: `.head`, any number of `.body`, `.end`. After an error nothing more comes. What follows the
/// end is skipped, as upstream skips it.
public struct PushedResponseParser: Sendable {
    public enum Event: Sendable {
        case head(PushedResponseHead)
        case body(ByteBuffer)
        case end
        case needsMore
    }

    public enum Failure: Error, Sendable, Equatable {
        /// What came is no HTTP response.
        case malformedHead(HeadError)
        /// The push ended before the response's head did.
        case endedInHead
        /// The response's chunked body is malformed.
        case malformedBody
        /// The push ended before the response's body did.
        case endedInBody

        /// One short clause for logs and answers.
        public var explanation: String {
            switch self {
            case .malformedHead(let error): error.explanation
            case .endedInHead: "the push ended inside the response's head"
            case .malformedBody: "the response's chunked body is malformed"
            case .endedInBody: "the push ended before the response's body was complete"
            }
        }
    }

    private enum State {
        case head(HeadParser)
        case body(BodyDecoder)
        case ended
    }

    private var state: State
    private var pending = ByteBuffer()

    /// After a failure in the head: the text of the `Id` that could still be made out, so that the scrape it belongs to can be
    /// told at once.
    public private(set) var salvagedID: String?

    /// - Parameter maxHeadBytes: The largest head taken, what the client adds to the target's aside.
    public init(maxHeadBytes: Int) {
        self.state = .head(HeadParser(carriedIn: .response, maxBytes: maxHeadBytes))
    }

    /// Adds bytes of the push. They are not copied unless part of a head or of a chunk's size line was left over.
    public mutating func receive(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// The response has no body whatever its fields say, because the scrape was a HEAD request. Call it after `.head`.
    public mutating func expectNoBody() {
        if case .body = state { state = .body(BodyDecoder(.none)) }
    }

    /// What comes next in the bytes received so far.
    public mutating func next() throws(Failure) -> Event {
        switch state {
        case .head(var parser):
            let message: MessageHead?
            let head: PushedResponseHead
            let before = pending
            do {
                message = try parser.parse(&pending)
                guard let message else {
                    state = .head(parser)
                    return .needsMore
                }
                head = try PushedResponseHead(message)
            } catch {
                salvagedID = before.salvagedID()
                state = .ended
                throw .malformedHead(error)
            }
            state = .body(BodyDecoder(head.framing))
            return .head(head)
        case .body(var decoder):
            let step: BodyDecoder.Step
            do {
                step = try decoder.next(&pending)
            } catch {
                state = .ended
                throw .malformedBody
            }
            switch step {
            case .bytes(let slice):
                state = .body(decoder)
                return .body(slice)
            case .end:
                state = .ended
                return .end
            case .needsMore:
                state = .body(decoder)
                releaseIfEmpty()
                return .needsMore
            }
        case .ended:
            pending = ByteBuffer()
            return .needsMore
        }
    }

    /// The push has ended. Whether that completes the response: `true` when it does so only now (`.untilEnd`), `false` when it was
    /// complete before.
    public mutating func finish() throws(Failure) -> Bool {
        switch state {
        case .head:
            salvagedID = pending.salvagedID()
            throw .endedInHead
        case .body(let decoder):
            guard decoder.mayEndHere else { throw .endedInBody }
            state = .ended
            return true
        case .ended: return false
        }
    }

    /// An empty remainder would keep the storage of the last read alive.
    private mutating func releaseIfEmpty() {
        if pending.readableBytes == 0 { pending = ByteBuffer() }
    }
}
