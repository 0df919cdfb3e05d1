/// JSON as bytes behind bytes, without a text in between: a fleet's list has hundreds of thousands of them.
extension [UInt8] {
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Begins anew, in the storage that there is.
    mutating func restart(_ text: StaticString) {
        removeAll(keepingCapacity: true)
        append(text)
    }

    mutating func appendRaw(_ text: String) {
        let utf8 = text.utf8
        if utf8.withContiguousStorageIfAvailable({ append(contentsOf: $0) }) == nil { append(contentsOf: utf8) }
    }

    mutating func appendEscaped(_ text: String) { JSONString.append(text, to: &self) }

    /// An IPv6 literal has brackets in a target, as in a URL.
    mutating func appendHost(_ fqdn: String) {
        guard fqdn.utf8.contains(UInt8(ascii: ":")) else { return appendEscaped(fqdn) }
        append(UInt8(ascii: "["))
        appendEscaped(fqdn)
        append(UInt8(ascii: "]"))
    }

    /// `:9100`
    mutating func appendPort(_ port: UInt16) {
        append(UInt8(ascii: ":"))
        // Of which only digits at the beginning can be zeros.
        if port >= 10_000 { append(Self.digit(port / 10_000)) }
        if port >= 1_000 { append(Self.digit(port / 1_000)) }
        if port >= 100 { append(Self.digit(port / 100)) }
        if port >= 10 { append(Self.digit(port / 10)) }
        append(Self.digit(port))
    }

    private static func digit(_ number: UInt16) -> UInt8 { 0x30 + UInt8(truncatingIfNeeded: number % 10) }

    /// `"__metrics_path__":"/metrics","__param_module":"x",`, decoded: Prometheus encodes them.
    mutating func append(_ path: TargetPath) {
        if path == .standard { return append("\"__metrics_path__\":\"/metrics\",") }
        append("\"__metrics_path__\":\"")
        let text = path.description.utf8
        var index = text.startIndex
        var isQuery = false
        var value: [UInt8] = []
        while index < text.endIndex {
            let written = text[index]
            // As it is written, none of the three stands for itself anywhere else.
            if written == UInt8(ascii: isQuery ? "&" : "?") {
                appendEscaped(String(decoding: value, as: UTF8.self))
                value.removeAll(keepingCapacity: true)
                append("\",\"__param_")
                isQuery = true
                text.formIndex(after: &index)
                while index < text.endIndex, text[index] != UInt8(ascii: "=") {
                    append(text[index])
                    text.formIndex(after: &index)
                }
                append("\":\"")
                if index < text.endIndex { text.formIndex(after: &index) }
                continue
            }
            value.append(PercentCoding.next(of: text, at: &index) { _ in true } ?? written)
        }
        appendEscaped(String(decoding: value, as: UTF8.self))
        append("\",")
    }
}
