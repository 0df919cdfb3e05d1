/// SHA-1 (FIPS 180-4, RFC 3174), which a WebSocket handshake asks for. It proves nothing there but that the other end speaks WebSocket, and is used
/// for nothing else: whoever wants a secret kept needs another.
struct SHA1 {
    private static let blockBytes = 64

    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0
    )

    /// 20 bytes.
    static func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA1()
        var padded = Array(bytes)
        let bits = UInt64(padded.count) * 8
        padded.append(0x80)
        padded += [UInt8](repeating: 0, count: (blockBytes * 2 - 8 - padded.count % blockBytes) % blockBytes)
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        for start in stride(from: 0, to: padded.count, by: blockBytes) { hash.take(padded[start..<start + blockBytes]) }
        let (a, b, c, d, e) = hash.state
        return [a, b, c, d, e].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) }
        }
    }

    private mutating func take(_ block: ArraySlice<UInt8>) {
        var schedule = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
            block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<80 {
            let mixed = schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16]
            schedule.append(mixed.rotated(1))
        }
        var (a, b, c, d, e) = state
        for (round, word) in schedule.enumerated() {
            let mixed: UInt32
            switch round {
            case ..<20: mixed = (b & c | ~b & d) &+ 0x5a82_7999
            case ..<40: mixed = (b ^ c ^ d) &+ 0x6ed9_eba1
            case ..<60: mixed = (b & c | b & d | c & d) &+ 0x8f1b_bcdc
            default: mixed = (b ^ c ^ d) &+ 0xca62_c1d6
            }
            (a, b, c, d, e) = (a.rotated(5) &+ mixed &+ e &+ word, a, b.rotated(30), c, d)
        }
        state.0 &+= a
        state.1 &+= b
        state.2 &+= c
        state.3 &+= d
        state.4 &+= e
    }
}

extension UInt32 {
    /// To the left.
    @inline(__always) fileprivate func rotated(_ count: UInt32) -> UInt32 { self << count | self >> (32 - count) }
}
