import Synchronization

/// Every metric of a program, and their exposition.
///
/// Metrics are registered while the program is put together; counting and observing never touch the registry again. What
/// is wrong whoever runs the program (a name that is not a metric name, one name with two types or help texts, the
/// same labels twice) is a mistake in the program and stops it.
public final class MetricRegistry: Sendable {
    /// The `Content-Type` of `exposition()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let families = Mutex<[MetricFamily]>([])

    public init() {}

    /// A counter that the caller counts. Its name ends in `_total`.
    public func counter(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let counter = Counter()
        register(.counter(counter), .counter, name, help, labels)
        return counter
    }

    /// A counter that is kept elsewhere and read at each exposition. `read` runs on the exposing thread and must not block.
    public func counter(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        register(.sampled(read), .counter, name, help, labels)
    }

    /// A gauge that the caller sets.
    public func gauge(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let gauge = Gauge()
        register(.gauge(gauge), .gauge, name, help, labels)
        return gauge
    }

    /// A gauge that is kept elsewhere and read at each exposition. `read` runs on the exposing thread and must not block.
    public func gauge(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        register(.sampled(read), .gauge, name, help, labels)
    }

    /// A histogram of durations.
    ///
    /// - Parameter buckets: upper bounds in seconds: finite and ascending. The infinite bucket is added.
    public func histogram(
        _ name: String, _ help: String, buckets: [Double], labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        let histogram = Histogram(bounds: buckets)
        register(.histogram(histogram), .histogram, name, help, labels)
        return histogram
    }

    /// The text format, version 0.0.4: families by name, members in the order of their registration.
    public func exposition() -> [UInt8] {
        // Read outside the lock: a sampled value may take a lock of its own.
        let snapshot = families.withLock { $0 }
        var text = TextExposition()
        for family in snapshot { text.append(family) }
        return text.bytes
    }

    private func register(
        _ source: MetricFamily.Source, _ kind: MetricFamily.Kind, _ name: String, _ help: String,
        _ labels: KeyValuePairs<String, String>
    ) {
        precondition(MetricFamily.isMetricName(name), "\(name) is not a metric name")
        precondition(
            labels.allSatisfy { MetricFamily.isLabelName($0.key) }, "\(name) has a label with an invalid name")
        let rendered = labels.map { "\($0.key)=\"\(TextExposition.escapedLabelValue($0.value))\"" }
        let member = MetricFamily.Member(labels: rendered.joined(separator: ","), source: source)
        families.withLock { families in
            let index = families.firstIndex { $0.name >= name } ?? families.endIndex
            if index < families.endIndex, families[index].name == name {
                precondition(families[index].kind == kind, "\(name) is registered with two types")
                precondition(families[index].help == help, "\(name) is registered with two help texts")
                precondition(
                    !families[index].members.contains { $0.labels == member.labels },
                    "\(name){\(member.labels)} is registered twice")
                families[index].members.append(member)
            } else {
                families.insert(MetricFamily(name: name, help: help, kind: kind, members: [member]), at: index)
            }
        }
    }
}
