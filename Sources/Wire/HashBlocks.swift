/// What SHA-1 and SHA-256 have in common (FIPS 180-4 sections 5.1.1, 5.2.1 and 6): how a message becomes blocks, and words bytes.
enum HashBlocks {
    static let blockBytes = 64

    /// The message, padded, as blocks of 16 words.
    static func forEach(of message: some Collection<UInt8>, _ body: (ArraySlice<UInt32>) -> Void) {
        let bits = UInt64(message.count) * 8
        var words: [UInt32] = []
        words.reserveCapacity((message.count + 8) / blockBytes * 16 + 16)
        var word: UInt32 = 0
        var count = 0
        func add(_ byte: UInt8) {
            word = word << 8 | UInt32(byte)
            count += 1
            if count.isMultiple(of: 4) { words.append(word) }
        }
        for byte in message { add(byte) }
        add(0x80)
        while count % blockBytes != blockBytes - 8 { add(0) }
        words.append(UInt32(truncatingIfNeeded: bits >> 32))
        words.append(UInt32(truncatingIfNeeded: bits))
        for start in stride(from: 0, to: words.count, by: 16) { body(words[start..<start + 16]) }
    }

    static func bytes(of words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }
}

extension UInt32 {
    @inline(__always) func rotatedLeft(_ count: UInt32) -> UInt32 { self << count | self >> (32 - count) }
    @inline(__always) func rotatedRight(_ count: UInt32) -> UInt32 { self >> count | self << (32 - count) }
}
