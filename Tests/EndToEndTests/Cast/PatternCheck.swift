import NIOCore

/// Compares a body that is a repeated pattern with what it should be, as it arrives.
struct PatternCheck: Sendable {
    struct Differs: Error { let position: Int }

    /// Bytes of the body so far, all of them right.
    private(set) var count = 0
    private let pattern: ByteBuffer
    private let isChunked: Bool
    /// Left of the chunk that is arriving.
    private var chunk = 0
    private var line: [UInt8] = []

    init(_ pattern: ByteBuffer, isChunked: Bool) {
        self.pattern = pattern
        self.isChunked = isChunked
    }

    /// Takes all bytes.
    mutating func take(_ bytes: inout ByteBuffer) throws {
        while bytes.readableBytes > 0 {
            if isChunked && chunk == 0 {
                guard let byte: UInt8 = bytes.readInteger() else { break }
                if byte != 0x0A {
                    line.append(byte)
                    continue
                }
                // The line end after a chunk's bytes is an empty size line here.
                let text = String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self)
                line = []
                chunk = Int(text, radix: 16) ?? 0
                continue
            }
            try compare(&bytes)
        }
        bytes.clear()
    }

    private mutating func compare(_ bytes: inout ByteBuffer) throws {
        let start = count % pattern.readableBytes
        var length = min(bytes.readableBytes, pattern.readableBytes - start)
        if isChunked { length = min(length, chunk) }
        // Slices compare with memcmp.
        guard bytes.readSlice(length: length) == pattern.getSlice(at: start, length: length) else {
            throw Differs(position: count)
        }
        count += length
        if isChunked { chunk -= length }
    }
}
