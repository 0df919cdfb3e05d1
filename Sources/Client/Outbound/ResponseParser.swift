import NIOCore
import Wire

/// Takes the responses on a client's connection apart while they arrive: a head, its body slice by slice, an end.
///
/// Legal order of what comes out for one request: `.head`, any number of `.body`, `.end`. Interim responses (1xx) are read and
/// dropped. After an error nothing more comes.
struct ResponseParser {
    /// What becomes of chunked transfer coding.
    enum ChunkTreatment {
        /// The content comes out without it.
        case removed
        /// It is checked and comes out as it is, to be passed on: no chunk is split or copied for it.
        case kept
    }

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
        case length(Int)
        case chunksRemoved(BodyDecoder)
        case chunksKept(ChunkScanner)
        case untilClose
        case ended
    }

    /// The largest head taken, in bytes; what a proxy takes by default.
    static let maxHeadBytes = 65_536
    private static let maxInterimResponses = 16

    private let expectsNoBody: Bool
    private let chunks: ChunkTreatment
    private var headParser = HeadParser(.response, maxBytes: Self.maxHeadBytes)
    private var state = State.head
    private var pending = ByteBuffer()
    private var keepsAlive = false
    private var interimResponses = 0

    /// - Parameter isHead: whether the request was HEAD, whose response has no body whatever it announces.
    init(isHead: Bool, chunks: ChunkTreatment) {
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
        case .length(let left):
            let count = min(left, pending.readableBytes)
            if left == 0 { return end() }
            guard count > 0, let slice = pending.readSlice(length: count) else { return needsMore() }
            state = .length(left - count)
            return .body(slice)
        case .chunksRemoved(var decoder):
            defer { if case .chunksRemoved = state { state = .chunksRemoved(decoder) } }
            let step: BodyDecoder.Step
            do { step = try decoder.next(&pending) } catch { throw .malformedBody }
            switch step {
            case .bytes(let slice): return .body(slice)
            case .end: return end()
            case .needsMore: return needsMore()
            }
        case .chunksKept(let scanner):
            return try nextChunks(scanner)
        case .untilClose:
            guard let slice = pending.readSlice(length: pending.readableBytes), slice.readableBytes > 0 else {
                return needsMore()
            }
            return .body(slice)
        case .ended:
            return .needsMore
        }
    }

    /// Whether bytes have come that belong to nothing that was handed out yet.
    var hasMore: Bool { pending.readableBytes > 0 }

    /// Whether the connection's orderly end is the response's end too.
    var mayEndHere: Bool {
        switch state {
        case .untilClose, .ended: true
        case .head, .length, .chunksRemoved, .chunksKept: false
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
            switch expectsNoBody ? .none : head.framing {
            case .none: state = .length(0)
            case .length(let count): state = .length(count)
            case .chunked:
                switch chunks {
                case .removed: state = .chunksRemoved(BodyDecoder(.chunked))
                case .kept: state = .chunksKept(ChunkScanner())
                }
            case .untilEnd:
                keepsAlive = false
                state = .untilClose
            }
            return .head(head)
        }
    }

    /// Everything up to the body's end, or all there is, in one slice.
    private mutating func nextChunks(_ started: ChunkScanner) throws(Failure) -> Event {
        guard pending.readableBytes > 0, !started.isEnded else { return started.isEnded ? end() : needsMore() }
        var scanner = started
        let count: Int
        do {
            count = try pending.withUnsafeReadableBytes { bytes in
                var position = 0
                while position < bytes.count, !scanner.isEnded {
                    switch try scanner.next(UnsafeRawBufferPointer(rebasing: bytes[position...])) {
                    case .framing(let count), .content(let count), .end(let count): position += count
                    }
                }
                return position
            }
        } catch {
            throw .malformedBody
        }
        state = .chunksKept(scanner)
        return pending.readSlice(length: count).map { .body($0) } ?? .needsMore
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
