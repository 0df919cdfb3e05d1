extension String {
    /// With a space for every character that steers a terminal, breaks a line, turns the direction of writing or can't be seen
    /// (Unicode's categories Cc, Cf, Zl and Zp): what a peer says is shown to people, in answers, logs, the record and tables.
    ///
    /// Text of printable ASCII, nearly all there is, comes back as it is.
    public var withoutControls: String {
        if utf8.allSatisfy(\.isPrintableASCII) { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.steers ? " " : $0 }))
    }

    /// The longest beginning of whole characters that is no longer than `count` bytes.
    public func prefix(utf8Bytes count: Int) -> String {
        if utf8.count <= count { return self }
        var end = startIndex
        while end < endIndex {
            let next = index(after: end)
            if utf8.distance(from: startIndex, to: next) > count { break }
            end = next
        }
        return String(self[..<end])
    }
}

extension UInt8 {
    @inline(__always) var isPrintableASCII: Bool { self >= 0x20 && self < 0x7F }
}

extension Unicode.Scalar {
    fileprivate var steers: Bool {
        if value < 0x7F { return value < 0x20 }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
