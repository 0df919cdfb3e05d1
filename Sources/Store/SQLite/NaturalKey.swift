import CSQLite

/// What names are sorted by, so that `web-2` comes before `web-10`: a name in which every run of digits is led by its length.
///
/// Keys are compared byte by byte. Kept in the database with an index, so that no reader sorts names itself. Names that differ in
/// leading zeros only have the same key.
public enum NaturalKey {
    public static func of(_ name: String) -> String {
        var name = name
        return String(decoding: name.withUTF8 { key(Array($0)) }, as: UTF8.self)
    }

    static func key(_ name: some RandomAccessCollection<UInt8>) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(name.count + 8)
        var rest = name[...]
        while let byte = rest.first {
            guard isDigit(byte) else {
                key.append(byte)
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix(while: isDigit)
            rest = rest[digits.endIndex...]
            let value = digits.drop { $0 == UInt8(ascii: "0") }
            // The length in digits itself, nines first, so that the longer of two is the greater.
            key.append(contentsOf: repeatElement(UInt8(ascii: "9"), count: value.count / 9))
            key.append(UInt8(ascii: "0") + UInt8(value.count % 9))
            key.append(contentsOf: value)
        }
        return key
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Makes `natural_key(text)` known to a connection's statements.
    static func define(on handle: OpaquePointer?) -> Int32 {
        sqlite3_create_function_v2(
            handle, "natural_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, values in
                guard let value = values?[0], let text = sqlite3_value_text(value) else {
                    return sqlite3_result_text(context, "", 0, pushprox_sqlite_transient())
                }
                let name = UnsafeBufferPointer(start: text, count: Int(sqlite3_value_bytes(value)))
                NaturalKey.key(name).withUnsafeBytes { key in
                    sqlite3_result_text64(
                        context, key.assumingMemoryBound(to: CChar.self).baseAddress, UInt64(key.count),
                        pushprox_sqlite_transient(), UInt8(SQLITE_UTF8))
                }
            }, nil, nil, nil)
    }
}
