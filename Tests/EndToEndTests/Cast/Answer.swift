import TestKit

/// A response as a scraper sees it, made comparable between pairs of programs.
///
/// Go's net/http writes field names in its own case and sorted, and frames the body as it likes; upstream also lets the
/// internal `X-Prometheus-Scrape-Timeout` through to the scraper. So where one of the two programs is upstream's, names are
/// compared without case, their order is not compared but that of equal names is, and those fields are left out. Values, status
/// and the body are compared byte for byte everywhere.
struct Answer: Equatable, CustomStringConvertible {
    var statusLine: String
    var fields: [String]
    var body: String

    private static let left = [
        "connection", "content-length", "transfer-encoding", "x-prometheus-scrape-timeout", "date",
    ]

    init(_ response: RawResponse) {
        let lines = response.head.split(separator: "\r\n").map(String.init)
        statusLine = lines.first ?? ""
        body = response.body
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts[0].lowercased() + ":" + (parts.count > 1 ? parts[1] : "")
        }
        .filter { line in !Self.left.contains { line.hasPrefix($0 + ":") } }
        .enumerated()
        .sorted { (Self.name($0.element), $0.offset) < (Self.name($1.element), $1.offset) }
        .map(\.element)
    }

    private static func name(_ field: String) -> String { String(field.prefix { $0 != ":" }) }

    var description: String { ([statusLine] + fields + ["", body]).joined(separator: "\n") }
}
