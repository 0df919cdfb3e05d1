/// Finds its way through a body in chunked transfer coding, byte by byte, without holding any of it.
///
/// Legal order: size line, data, line end, … , a size line of zero, trailer lines, an empty line. The scanner says which bytes
/// are content and where the body ends; passing the rest on unchanged, or not, is the caller's choice.
struct ChunkScanner: Sendable {
    /// What stands at the start of the bytes that were scanned.
    enum Piece: Sendable, Equatable {
        /// So many bytes of sizes, line ends and trailers.
        case framing(Int)
        /// So many bytes of content.
        case content(Int)
        /// The body ended, after so many bytes of framing.
        case end(Int)
    }

    /// The bytes are no chunked body.
    struct Malformed: Error, Equatable, Sendable {}

    /// Longest size line with its extensions, and longest trailer section, in bytes: no more than `BodyDecoder` takes, since the proxy
    /// decodes with it what passes here.
    static let maximumFraming = 4_096

    private enum State {
        case size(UInt64, digits: Int)
        case sizeBlanks(UInt64)
        case sizeExtension(UInt64)
        case sizeLineFeed(UInt64)
        case content(UInt64)
        case contentReturn
        case contentLineFeed
        case trailerStart
        case trailer
        case trailerLineFeed
        case lastLineFeed
        case ended
    }

    private var state = State.size(0, digits: 0)
    private var framing = 0

    init() {}

    /// Whether the body has ended.
    var isEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// Looks at what comes next.
    ///
    /// - Parameter bytes: not empty; what earlier calls have reported is not among them.
    /// - Returns: at least one byte's worth; after `end`, no further call is made.
    mutating func next(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Piece {
        if case .content(let remaining) = state {
            let count = Int(min(UInt64(bytes.count), remaining))
            state = remaining == UInt64(count) ? .contentReturn : .content(remaining - UInt64(count))
            return .content(count)
        }
        var index = 0
        while index < bytes.count {
            try advance(bytes[index])
            index += 1
            switch state {
            case .content: return .framing(index)
            case .ended: return .end(index)
            default: break
            }
        }
        return .framing(index)
    }

    private mutating func advance(_ byte: UInt8) throws(Malformed) {
        framing += 1
        guard framing <= Self.maximumFraming else { throw Malformed() }
        switch state {
        case .size(let size, let digits):
            if let digit = Self.hexadecimal(byte) {
                guard digits < 15 else { throw Malformed() }
                state = .size(size << 4 | UInt64(digit), digits: digits + 1)
            } else {
                guard digits > 0 else { throw Malformed() }
                switch byte {
                case 0x0D: state = .sizeLineFeed(size)
                case UInt8(ascii: ";"): state = .sizeExtension(size)
                case 0x20, 0x09: state = .sizeBlanks(size)
                default: throw Malformed()
                }
            }
        case .sizeBlanks(let size):
            switch byte {
            case 0x0D: state = .sizeLineFeed(size)
            case UInt8(ascii: ";"): state = .sizeExtension(size)
            case 0x20, 0x09: break
            default: throw Malformed()
            }
        case .sizeExtension(let size):
            if byte == 0x0D { state = .sizeLineFeed(size) } else if byte == 0x0A { throw Malformed() }
        case .sizeLineFeed(let size):
            guard byte == 0x0A else { throw Malformed() }
            if size > 0 { framing = 0 }
            state = size == 0 ? .trailerStart : .content(size)
        case .contentReturn:
            guard byte == 0x0D else { throw Malformed() }
            state = .contentLineFeed
        case .contentLineFeed:
            guard byte == 0x0A else { throw Malformed() }
            state = .size(0, digits: 0)
        case .trailerStart:
            guard byte != 0x0A else { throw Malformed() }
            state = byte == 0x0D ? .lastLineFeed : .trailer
        case .trailer:
            if byte == 0x0D { state = .trailerLineFeed } else if byte == 0x0A { throw Malformed() }
        case .trailerLineFeed:
            guard byte == 0x0A else { throw Malformed() }
            state = .trailerStart
        case .lastLineFeed:
            guard byte == 0x0A else { throw Malformed() }
            state = .ended
        case .content, .ended:
            throw Malformed()
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
