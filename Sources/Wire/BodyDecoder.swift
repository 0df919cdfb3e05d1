import NIOCore

/// Takes a body apart as it arrives: slices of it come out, without a copy, but for those of small chunks, which are copied together:
/// a peer that sends chunks of one byte makes its reader handle no more slices than one that sends large ones.
///
/// States: a length counts down to `.ended`; `.chunks` and `.keptChunks` follow `ChunkedCoding` until that has ended; `.untilEnd` never ends
/// by itself. Where the coding is removed, trailers are read and dropped, as an intermediary may (RFC 9110 section 6.5.1).
public struct BodyDecoder: Sendable {
    /// What becomes of chunked transfer coding.
    public enum ChunkTreatment: Sendable {
        /// The content comes out without it.
        case removed
        /// It is checked and comes out as it is, to be passed on: no chunk is split or copied for it.
        case kept
    }

    /// What the next call of `next` can give.
    public enum Step: Sendable, Equatable {
        case bytes(ByteBuffer)
        case end
        case needsMore
    }

    /// Why a chunked body can't be followed any further.
    public struct MalformedChunk: Error, Sendable, Equatable {}

    private enum State {
        case length(Int)
        case chunks(ChunkedCoding)
        case keptChunks(ChunkedCoding)
        case untilEnd
        case ended
        case malformed
    }

    /// What is left of a chunk below this size is gathered with what follows. Bytes.
    private static let smallChunk = 1_024

    private var state: State

    public init(_ framing: Framing, chunks: ChunkTreatment = .removed) {
        switch framing {
        case .none, .length(0): state = .ended
        case .length(let count): state = .length(count)
        case .chunked: state = chunks == .removed ? .chunks(ChunkedCoding()) : .keptChunks(ChunkedCoding())
        case .untilEnd: state = .untilEnd
        }
    }

    /// Whether the body is complete.
    public var hasEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Whether the end of what carries the message may be the end of the body.
    public var mayEndHere: Bool {
        switch state {
        case .ended, .untilEnd: true
        case .length, .chunks, .keptChunks, .malformed: false
        }
    }

    /// The next slice of the body at the front of `buffer`, taken off it. After an error there is no other.
    public mutating func next(_ buffer: inout ByteBuffer) throws(MalformedChunk) -> Step {
        switch state {
        case .ended: return .end
        case .malformed: throw MalformedChunk()
        case .untilEnd:
            guard let all = buffer.readSlice(length: buffer.readableBytes), all.readableBytes > 0 else {
                return .needsMore
            }
            return .bytes(all)
        case .length(let left):
            let count = min(left, buffer.readableBytes)
            guard count > 0, let slice = buffer.readSlice(length: count) else { return .needsMore }
            state = left == count ? .ended : .length(left - count)
            return .bytes(slice)
        case .chunks(let coding): return try nextContent(coding, &buffer)
        case .keptChunks(let coding): return try nextChunks(coding, &buffer)
        }
    }

    private mutating func nextContent(
        _ started: ChunkedCoding, _ buffer: inout ByteBuffer
    ) throws(MalformedChunk) -> Step {
        var coding = started
        var gathered = ByteBuffer()
        while buffer.readableBytes > 0, !coding.hasEnded {
            let count = min(coding.contentLeft, buffer.readableBytes)
            if count == 0 {
                guard Self.passFraming(&coding, &buffer) else {
                    // What was good comes out first.
                    state = .malformed
                    if gathered.readableBytes > 0 { return .bytes(gathered) }
                    throw MalformedChunk()
                }
            } else if count < Self.smallChunk || gathered.readableBytes == 0 {
                guard let slice = buffer.readSlice(length: count) else { break }
                coding.passContent(count)
                if gathered.readableBytes == 0 { gathered = slice } else { gathered.writeImmutableBuffer(slice) }
                if count >= Self.smallChunk { break }
            } else {
                // A large one goes by itself, without a copy.
                break
            }
        }
        state = coding.hasEnded ? .ended : .chunks(coding)
        if gathered.readableBytes > 0 { return .bytes(gathered) }
        return coding.hasEnded ? .end : .needsMore
    }

    /// Everything up to the body's end, or all there is, in one slice.
    private mutating func nextChunks(
        _ started: ChunkedCoding, _ buffer: inout ByteBuffer
    ) throws(MalformedChunk) -> Step {
        guard buffer.readableBytes > 0 else { return .needsMore }
        var coding = started
        var rest = buffer
        while rest.readableBytes > 0, !coding.hasEnded {
            let count = min(coding.contentLeft, rest.readableBytes)
            if count > 0 {
                rest.moveReaderIndex(forwardBy: count)
                coding.passContent(count)
            } else if !Self.passFraming(&coding, &rest) {
                state = .malformed
                throw MalformedChunk()
            }
        }
        state = coding.hasEnded ? .ended : .keptChunks(coding)
        return buffer.readSlice(length: buffer.readableBytes - rest.readableBytes).map { .bytes($0) } ?? .needsMore
    }

    /// - Returns: whether the body is well formed so far.
    private static func passFraming(_ coding: inout ChunkedCoding, _ buffer: inout ByteBuffer) -> Bool {
        guard let count = buffer.withUnsafeReadableBytes({ coding.passFraming($0) }) else { return false }
        buffer.moveReaderIndex(forwardBy: count)
        return true
    }
}
