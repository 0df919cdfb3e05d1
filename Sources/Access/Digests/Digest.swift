import Wire

/// A SHA-256: 32 bytes, quick to compare and to look up.
struct Digest: Sendable, Hashable {
    private let a, b, c, d: UInt64

    init(of text: some StringProtocol) { self.init(SHA256.digest(of: text.utf8)) }

    /// - Parameter bytes: 32 of them.
    init(_ bytes: [UInt8]) {
        func word(_ index: Int) -> UInt64 { bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        (a, b, c, d) = (word(0), word(1), word(2), word(3))
    }

    /// - Parameter hex: 64 digits; `nil` for anything else.
    init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, digit) in hex.utf8.enumerated() {
            guard let value = digit.hexValue else { return nil }
            words[index / 16] = words[index / 16] << 4 | UInt64(value)
        }
        (a, b, c, d) = (words[0], words[1], words[2], words[3])
    }

    /// 64 digits in lower case.
    var hex: String {
        [a, b, c, d].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension UInt8 {
    /// Of a hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
