import NIOCore

/// How a message's body is delimited (RFC 9112 section 6).
public enum Framing: Sendable, Equatable {
    case none
    /// In bytes.
    case length(Int)
    case chunked
    /// Runs to the end of whatever carries the message.
    case untilEnd

    /// The framing that a head's fields announce; `nil` when they announce none.
    static func announced(by head: MessageHead) throws(HeadError) -> Framing? {
        var length: Int?
        var broken = false
        head.forEachValue("Content-Length") { value in
            let number = value.decimalNumber()
            if number == nil || (length != nil && length != number) { broken = true }
            length = number
            return !broken
        }
        var isChunked = false
        var encodings = 0
        head.forEachValue("Transfer-Encoding") { value in
            encodings += 1
            isChunked = value.equalsIgnoringCase("chunked")
            return encodings < 2
        }
        if broken || encodings > 1 || (encodings == 1 && (!isChunked || length != nil)) { throw .ambiguousLength }
        if isChunked { return .chunked }
        return length.map { .length($0) }
    }
}

/// Takes a body apart as it arrives: slices of it come out, without a copy, but for those of small chunks, which are copied together:
/// a peer that sends chunks of one byte makes its reader handle no more slices than one that sends large ones.
///
/// States: a length counts down to `.ended`; chunks go size line, data, line end, size line … last chunk, trailers, `.ended`;
/// `.untilEnd` never ends by itself. Trailers are read and dropped, as an intermediary may (RFC 9110 section 6.5.1).
public struct BodyDecoder: Sendable {
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
        case chunkSize
        case chunkData(Int)
        case chunkEnd
        case trailers(seen: Int)
        case untilEnd
        case ended
        /// Malformed behind bytes that were good.
        case malformed
    }

    /// What is left of a chunk below this size is gathered with what follows. Bytes.
    private static let smallChunk = 1_024
    /// The longest chunk-size line, extensions included, and the most bytes of trailers.
    private static let maxLine = 4096

    private var state: State

    public init(_ framing: Framing) {
        switch framing {
        case .none, .length(0): state = .ended
        case .length(let count): state = .length(count)
        case .chunked: state = .chunkSize
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
        case .length, .chunkSize, .chunkData, .chunkEnd, .trailers, .malformed: false
        }
    }

    /// The next slice of the body at the front of `buffer`, taken off it.
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
        case .chunkSize, .chunkData, .chunkEnd, .trailers: return try nextOfChunks(&buffer)
        }
    }

    private mutating func nextOfChunks(_ buffer: inout ByteBuffer) throws(MalformedChunk) -> Step {
        var gathered = ByteBuffer()
        do throws(MalformedChunk) {
            while try advance(&buffer, &gathered) {}
        } catch {
            guard gathered.readableBytes > 0 else { throw error }
            state = .malformed
        }
        if gathered.readableBytes > 0 { return .bytes(gathered) }
        return hasEnded ? .end : .needsMore
    }

    /// Takes the next piece of a chunked body off `buffer`.
    ///
    /// - Returns: Whether there may be more to gather.
    private mutating func advance(_ buffer: inout ByteBuffer, _ gathered: inout ByteBuffer) throws(MalformedChunk)
        -> Bool
    {
        switch state {
        case .chunkData(let left):
            let count = min(left, buffer.readableBytes)
            let isSmall = count < Self.smallChunk
            // A large one goes by itself, without a copy.
            guard count > 0, isSmall || gathered.readableBytes == 0, let slice = buffer.readSlice(length: count) else {
                return false
            }
            state = left == count ? .chunkEnd : .chunkData(left - count)
            if gathered.readableBytes == 0 { gathered = slice } else { gathered.writeImmutableBuffer(slice) }
            return isSmall
        case .chunkSize:
            guard let size = try Self.line(&buffer, as: Self.chunkSize) else { return false }
            state = size == 0 ? .trailers(seen: 0) : .chunkData(size)
        case .chunkEnd:
            guard let isEmpty = try Self.line(&buffer, as: { $0.isEmpty }) else { return false }
            guard isEmpty else { throw MalformedChunk() }
            state = .chunkSize
        case .trailers(let seen):
            guard let length = try Self.line(&buffer, as: { $0.count }) else { return false }
            guard seen + length <= Self.maxLine else { throw MalformedChunk() }
            state = length == 0 ? .ended : .trailers(seen: seen + length)
        case .length, .untilEnd, .ended, .malformed: return false
        }
        return true
    }

    /// What `read` makes of a line without its CRLF; `nil` while it is incomplete. Bare LF is refused: where requests share a
    /// connection, two readers must never disagree on where a chunk ends.
    private static func line<Value>(
        _ buffer: inout ByteBuffer, as read: (Slice<UnsafeRawBufferPointer>) -> Value?
    ) throws(MalformedChunk) -> Value? {
        let found = buffer.withUnsafeReadableBytes { raw -> (length: Int, value: Value?)? in
            guard let newline = raw.prefix(maxLine + 1).firstIndex(of: 0x0A) else {
                return raw.count > maxLine ? (0, nil) : nil
            }
            guard newline > 0, raw[newline - 1] == 0x0D else { return (0, nil) }
            return (newline + 1, read(raw[..<(newline - 1)]))
        }
        guard let found else { return nil }
        guard let value = found.value else { throw MalformedChunk() }
        buffer.moveReaderIndex(forwardBy: found.length)
        return value
    }

    /// `nil` for what is no chunk's size.
    private static func chunkSize(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        var size = 0
        var digits = 0
        var blanks = false
        for byte in line {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            case UInt8(ascii: ";") where digits > 0: return size
            case 0x20 where digits > 0, 0x09 where digits > 0:
                blanks = true
                continue
            default: return nil
            }
            guard !blanks else { return nil }
            digits += 1
            // 15 digits keep far from overflow; nobody sends an exabyte.
            guard digits <= 15 else { return nil }
            size = size << 4 | Int(digit)
        }
        return digits > 0 ? size : nil
    }
}
