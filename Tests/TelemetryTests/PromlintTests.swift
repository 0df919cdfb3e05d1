import Testing

@testable import Telemetry

@Suite struct PromlintTests {
    @Test("What every program registers has nothing to complain about")
    func ownMetricsAreClean() {
        let registry = MetricRegistry()
        ProcessMetrics.register(in: registry)
        registry.registerBuildInfo(prefix: "pushprox_test", version: "1.2.3")
        _ = registry.histogram("pushprox_test_wait_seconds", "How long.", buckets: [0.1, 1], labels: ["path": "/poll"])
        _ = registry.histogram("pushprox_test_wait_seconds", "How long.", buckets: [0.1, 1], labels: ["path": "/push"])
        _ = registry.counter("pushprox_test_bytes_total", "How much.")
        #expect(Promlint.problems(in: String(decoding: registry.exposition(), as: UTF8.self)) == [])
    }

    @Test(
        "The rules find what they are for",
        arguments: [
            ("things", "counter"), ("things_total", "gauge"), ("wait_ms", "gauge"), ("wait_milliseconds", "gauge"),
            ("age_days", "gauge"), ("wait_sum", "gauge"), ("a_bucket", "counter"), ("a_gauge", "gauge"),
            ("camelCase", "gauge"), ("a:b", "gauge"),
        ])
    func rulesBite(name: String, type: String) {
        #expect(Promlint.problems(in: "# HELP \(name) help\n# TYPE \(name) \(type)\n\(name) 1\n") != [])
    }
}
