/// A page in Prometheus's text format, read as far as a check of counters needs it.
struct MetricsPage: Sendable {
    struct Sample: Sendable, Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    let samples: [Sample]

    init(samples: [Sample]) { self.samples = samples }

    /// Lines that are not samples are skipped.
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

    /// Counters whose names begin with `prefix`, by name and labels.
    func counters(prefix: String) -> [String: Double] {
        var counters: [String: Double] = [:]
        for sample in samples where sample.name.hasPrefix(prefix) && sample.name.hasSuffix("_total") {
            let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
            counters["\(sample.name){\(labels.joined(separator: ","))}"] = sample.value
        }
        return counters
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
