/// Reading lines of logfmt.
enum LogText {
    /// The value of a field, without its quotes; empty where the line has none.
    static func value(_ name: String, in line: String) -> String {
        guard let start = line.firstRange(of: " \(name)=")?.upperBound else { return "" }
        let rest = line[start...]
        if rest.hasPrefix("\"") { return String(rest.dropFirst().prefix { $0 != "\"" }) }
        return String(rest.prefix { $0 != " " })
    }

    /// The port of the field `address`.
    static func port(in line: String) throws -> Int {
        let address = value("address", in: line)
        guard let port = address.split(separator: ":").last.flatMap({ Int($0) }), port > 0 else {
            throw NoPort(line: line)
        }
        return port
    }

    struct NoPort: Error { let line: String }
}
