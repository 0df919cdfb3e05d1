/// A page in Prometheus's text format, read as far as a check of counters needs it.
struct MetricsPage: Sendable {
    struct Sample: Sendable, Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    let samples: [Sample]

    /// Lines that are no samples are skipped.
    init(_ text: String) {
        samples = text.split(separator: "\n").compactMap { line in line.hasPrefix("#") ? nil : Self.sample(line) }
    }

    /// The sum over all samples of that name whose labels include `labels`; `nil` when there are none.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let found = samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }

    private static func sample(_ line: Substring) -> Sample? {
        let name = line.prefix { $0 != "{" && $0 != " " }
        var rest = line.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            guard let close = rest.lastIndex(of: "}") else { return nil }
            // Label values with a comma in them do not occur among the names read here.
            for pair in rest[..<close].dropFirst().split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { return nil }
                labels[String(parts[0])] = String(parts[1].dropFirst().dropLast())
            }
            rest = rest[close...].dropFirst()
        }
        guard let value = rest.split(separator: " ").first.flatMap({ Double($0) }) else { return nil }
        return Sample(name: String(name), labels: labels, value: value)
    }
}
