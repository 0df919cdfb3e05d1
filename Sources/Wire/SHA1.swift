/// SHA-1 (FIPS 180-4, RFC 3174), which a WebSocket handshake asks for. It proves nothing there but that the other end speaks WebSocket, and is used
/// for nothing else: whoever wants a secret kept needs another.
public struct SHA1 {
    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0
    )

    /// 20 bytes.
    public static func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA1()
        HashBlocks.forEach(of: bytes) { hash.take($0) }
        let (a, b, c, d, e) = hash.state
        return HashBlocks.bytes(of: [a, b, c, d, e])
    }

    private mutating func take(_ block: ArraySlice<UInt32>) {
        var schedule = Array(block)
        for index in 16..<80 {
            let mixed = schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16]
            schedule.append(mixed.rotatedLeft(1))
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
            (a, b, c, d, e) = (a.rotatedLeft(5) &+ mixed &+ e &+ word, a, b.rotatedLeft(30), c, d)
        }
        state.0 &+= a
        state.1 &+= b
        state.2 &+= c
        state.3 &+= d
        state.4 &+= e
    }
}
