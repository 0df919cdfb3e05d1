import NIOCore
import Wire

/// Takes the responses on a client's connection apart while they arrive: a head, its body slice by slice, an end.
///
/// Legal order of what comes out for one request: `.head`, any number of `.body`, `.end`. Interim responses (1xx) are read and
/// dropped. After an error nothing more comes.
struct ResponseParser {
    enum Event {
        case head(ResponseHead)
        case body(ByteBuffer)
        /// - Parameter reusable: whether the connection can serve another request.
        case end(reusable: Bool)
        case needsMore
    }

    enum Failure: Error, Equatable {
        case malformedHead(HeadError)
        case malformedBody
        /// 101: nothing was to be switched.
        case unexpectedStatus(Int)

        /// One short clause for logs and answers.
        var explanation: String {
            switch self {
            case .malformedHead(let error): error.explanation
            case .malformedBody: "the chunked body is malformed"
            case .unexpectedStatus(let status): "status \(status) was not asked for"
            }
        }
    }

    private enum State {
        case head
        case body(BodyDecoder)
        case ended
    }

    /// The largest head taken, in bytes; what a proxy takes by default.
    static let maxHeadBytes = 65_536
    private static let maxInterimResponses = 16

    private let expectsNoBody: Bool
    private let chunks: BodyDecoder.ChunkTreatment
    private var headParser = HeadParser(.response, maxBytes: Self.maxHeadBytes)
    private var state = State.head
    private var pending = ByteBuffer()
    private var keepsAlive = false
    private var interimResponses = 0

    /// - Parameter isHead: whether the request was HEAD, whose response has no body whatever it announces.
    init(isHead: Bool, chunks: BodyDecoder.ChunkTreatment) {
        expectsNoBody = isHead
        self.chunks = chunks
    }

    /// Adds bytes of the connection. They are not copied unless an incomplete line was left over.
    mutating func receive(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// What comes next in the bytes received so far.
    mutating func next() throws(Failure) -> Event {
        switch state {
        case .head:
            return try nextHead()
        case .body(var decoder):
            let step: BodyDecoder.Step
            do { step = try decoder.next(&pending) } catch { throw .malformedBody }
            state = .body(decoder)
            switch step {
            case .bytes(let slice): return .body(slice)
            case .end: return end()
            case .needsMore: return needsMore()
            }
        case .ended:
            return .needsMore
        }
    }

    /// Whether bytes have come that belong to nothing that was handed out yet.
    var hasMore: Bool { pending.readableBytes > 0 }

    /// Whether the connection's orderly end is the response's end too.
    var mayEndHere: Bool {
        switch state {
        case .body(let decoder): decoder.mayEndHere
        case .ended: true
        case .head: false
        }
    }

    private mutating func nextHead() throws(Failure) -> Event {
        while true {
            let head: ResponseHead
            do {
                guard let parsed = try ResponseHead.parse(&pending, with: &headParser) else { return .needsMore }
                head = parsed
            } catch {
                throw .malformedHead(error)
            }
            if head.status == 101 || interimResponses > Self.maxInterimResponses {
                throw .unexpectedStatus(head.status)
            }
            if head.status < 200 {
                interimResponses += 1
                continue
            }
            keepsAlive = head.keepsAlive
            let framing = expectsNoBody ? .none : head.framing
            if framing == .untilEnd { keepsAlive = false }
            state = .body(BodyDecoder(framing, chunks: chunks))
            return .head(head)
        }
    }

    private mutating func end() -> Event {
        state = .ended
        // Bytes behind the end belong to no request of ours.
        return .end(reusable: keepsAlive && pending.readableBytes == 0)
    }

    /// An empty remainder would keep the storage of the last read alive.
    private mutating func needsMore() -> Event {
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        return .needsMore
    }
}
