/// Finds its way through a body in chunked transfer coding (RFC 9112 section 7.1), byte by byte, without holding any of it.
///
/// Legal order: size line, content, line end, … , a size line of zero, trailer lines, an empty line. It says which bytes are content and
/// where the body ends; what becomes of either is the caller's. Line ends are CRLF and nothing else: where requests share a connection, two
/// readers must never disagree on where a chunk ends.
struct ChunkedCoding: Sendable {
    /// The most bytes between two pieces of content (a line end and a size line with its extensions), and from the last size line to the
    /// body's end, trailers included.
    static let maxBytesBetween = 4_096

    private enum Place: Sendable {
        case size, sizeBlanks, sizeExtension, sizeLineFeed
        case content, contentReturn, contentLineFeed
        case trailerStart, trailer, trailerLineFeed, lastLineFeed
        case end
        case malformed
    }

    private var place = Place.size
    /// Of the chunk; counts down while its content passes.
    private var size = 0
    private var digits = 0
    private var between = 0

    /// Whether the body is complete.
    var hasEnded: Bool { place == .end }

    /// How many bytes of content come next; 0 where there are others, or none.
    var contentLeft: Int { place == .content ? size : 0 }

    /// So many bytes of content, at most `contentLeft`, have passed.
    mutating func passContent(_ count: Int) {
        size -= count
        if size == 0 { place = .contentReturn }
    }

    /// Follows the bytes up to the next content, up to the body's end, or as far as there are any.
    ///
    /// - Returns: how many of them are none of content; `nil` when the body is malformed, and from then on.
    mutating func passFraming(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < bytes.count, place != .content, place != .end, place != .malformed {
            advance(bytes[index])
            index += 1
        }
        between += index
        if between > Self.maxBytesBetween { place = .malformed }
        if place == .content { between = 0 }
        return place == .malformed ? nil : index
    }

    @inline(__always)
    private mutating func advance(_ byte: UInt8) {
        switch place {
        case .size:
            if let digit = Self.hexadecimal(byte) {
                size = size << 4 | digit
                digits += 1
                // 15 digits keep far from overflow; nobody sends an exabyte.
                if digits > 15 { place = .malformed }
            } else {
                place = digits > 0 ? Self.afterSize(byte) : .malformed
            }
        case .sizeBlanks: place = Self.afterSize(byte)
        case .sizeExtension: place = Self.afterText(byte, in: .sizeExtension, lineEnd: .sizeLineFeed)
        case .sizeLineFeed: place = byte != 0x0A ? .malformed : size == 0 ? .trailerStart : .content
        case .contentReturn: place = byte == 0x0D ? .contentLineFeed : .malformed
        case .contentLineFeed:
            place = byte == 0x0A ? .size : .malformed
            digits = 0
        case .trailerStart: place = Self.afterText(byte, in: .trailer, lineEnd: .lastLineFeed)
        case .trailer: place = Self.afterText(byte, in: .trailer, lineEnd: .trailerLineFeed)
        case .trailerLineFeed: place = byte == 0x0A ? .trailerStart : .malformed
        case .lastLineFeed: place = byte == 0x0A ? .end : .malformed
        case .content, .end, .malformed: place = .malformed
        }
    }

    private static func afterSize(_ byte: UInt8) -> Place {
        switch byte {
        case 0x0D: .sizeLineFeed
        case UInt8(ascii: ";"): .sizeExtension
        case 0x20, 0x09: .sizeBlanks
        default: .malformed
        }
    }

    private static func afterText(_ byte: UInt8, in place: Place, lineEnd: Place) -> Place {
        byte == 0x0D ? lineEnd : byte == 0x0A ? .malformed : place
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x41 + 10
        default: nil
        }
    }
}
