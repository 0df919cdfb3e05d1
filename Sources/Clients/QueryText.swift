/// The query of a URL, as forms write it: `name=value&…`, with `+` for a space and `%` with two hexadecimal digits for anything.
public struct QueryText: Sendable {
    /// Decoded, in order.
    public let pairs: [(name: String, value: String)]

    /// - Parameter text: What stands behind the question mark.
    /// - Returns: `nil` where a `%` has no digits, or something is no UTF-8 when it is decoded. Empty parts are left out; one without `=` has an
    ///   empty value.
    public init?(_ text: some StringProtocol) {
        var pairs: [(name: String, value: String)] = []
        for part in Substring(text).utf8.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = Self.decoded(part[..<equals]), let value = Self.decoded(part[equals...].dropFirst())
            else { return nil }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let written = text[index]
            guard let byte = PercentCoding.next(of: text, at: &index, as: { _ in true }) else { return nil }
            bytes.append(written == UInt8(ascii: "+") ? 0x20 : byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
