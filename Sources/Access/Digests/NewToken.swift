import Settings

/// A new bearer token.
public enum NewToken {
    /// 256 random bits from the system, in the 43 characters of base64url (RFC 4648 section 5), which a header takes as they are.
    public static func make() -> Secret {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let bytes = SystemRandom.bytes(32)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[bits >> (18 - 6 * place) & 63]) }
        }
        return Secret(String(decoding: text, as: UTF8.self))
    }
}
