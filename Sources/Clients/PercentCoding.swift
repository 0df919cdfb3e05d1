/// Bytes as `%` and two hexadecimal digits (RFC 3986, section 2.1).
enum PercentCoding {
    static func encode(_ bytes: some Sequence<UInt8>, behind text: inout String, keeping isKept: (UInt8) -> Bool) {
        for byte in bytes {
            if isKept(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text.append("%")
                text.unicodeScalars.append(digit(byte >> 4))
                text.unicodeScalars.append(digit(byte & 15))
            }
        }
    }

    /// - Returns: `nil` where two digits don't follow a `%`, or where there is anything but printable ASCII without space.
    static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            guard let byte = next(of: text, at: &index, as: { $0 > 0x20 && $0 < 0x7F }) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// The byte that is written at `index`, which moves behind it; `nil` for a `%` without digits, and for what can't stand for itself.
    static func next<Text: Collection<UInt8>>(
        of text: Text, at index: inout Text.Index, as mayStand: (UInt8) -> Bool
    ) -> UInt8? {
        let byte = text[index]
        text.formIndex(after: &index)
        guard byte == UInt8(ascii: "%") else { return mayStand(byte) ? byte : nil }
        guard index < text.endIndex, let high = value(text[index]) else { return nil }
        text.formIndex(after: &index)
        guard index < text.endIndex, let low = value(text[index]) else { return nil }
        text.formIndex(after: &index)
        return high << 4 | low
    }

    private static func digit(_ value: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(value < 10 ? 0x30 + value : 0x37 + value)
    }

    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
