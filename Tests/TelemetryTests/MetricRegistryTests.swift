import Testing

@testable import Telemetry

@Suite struct MetricRegistryTests {
    private func text(_ registry: MetricRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

    @Test("Families are sorted and described once, members keep their order")
    func familiesAreDescribedOnce() {
        let registry = MetricRegistry()
        let gauge = registry.gauge("b_things", "Things now.")
        let second = registry.counter("a_things_total", "Things so far.", labels: ["kind": "z", "code": "200"])
        let third = registry.counter("a_things_total", "Things so far.", labels: ["kind": "a", "code": "200"])
        gauge.set(5)
        gauge.add(-7)
        second.increment()
        third.increment(by: 41)
        third.increment(by: -5)
        #expect(
            text(registry) == """
                # HELP a_things_total Things so far.
                # TYPE a_things_total counter
                a_things_total{kind="z",code="200"} 1
                a_things_total{kind="a",code="200"} 41
                # HELP b_things Things now.
                # TYPE b_things gauge
                b_things -2

                """)
    }

    @Test("Histogram buckets are cumulative, a bound belongs to its own bucket, the sum is exact")
    func histogramBuckets() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("a_seconds", "How long.", buckets: [0.005, 1], labels: ["path": "/poll"])
        for nanoseconds: Int64 in [5_000_000, 5_000_001, 1_000_000_000, 3_000_000_007, -4] {
            histogram.observe(nanoseconds: nanoseconds)
        }
        #expect(
            text(registry) == """
                # HELP a_seconds How long.
                # TYPE a_seconds histogram
                a_seconds_bucket{path="/poll",le="0.005"} 2
                a_seconds_bucket{path="/poll",le="1"} 4
                a_seconds_bucket{path="/poll",le="+Inf"} 5
                a_seconds_sum{path="/poll"} 4.010000008
                a_seconds_count{path="/poll"} 5

                """)
    }

    @Test("Sampled metrics are read at each exposition")
    func sampledMetrics() {
        let registry = MetricRegistry()
        let counter = Counter()
        registry.counter("a_total", "Read elsewhere.") { Double(counter.value) + 0.5 }
        registry.gauge("b_ratio", "Not a number.") { .nan }
        #expect(text(registry).contains("\na_total 0.5\n"))
        counter.increment(by: 2)
        #expect(text(registry).contains("\na_total 2.5\n"))
        #expect(text(registry).contains("\nb_ratio NaN\n"))
    }

    @Test("Label values and help texts cannot break out of their place")
    func escaping() {
        let registry = MetricRegistry()
        registry.gauge("a_info", "One \\ line\nonly \"so\".", labels: ["path": "C:\\x\n\"y\""]).set(1)
        #expect(
            text(registry) == #"""
                # HELP a_info One \\ line\nonly "so".
                # TYPE a_info gauge
                a_info{path="C:\\x\n\"y\""} 1

                """#)
    }

    @Test(
        "Numbers are written as Prometheus reads them",
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.25, "0.25"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e17, "1e+17"),
            (1_700_000_000.25, "1700000000.25"),
        ] as [(Double, String)])
    func numbers(value: Double, expected: String) {
        #expect(TextExposition.number(value) == expected)
    }

    @Test("Counting from many threads at once loses nothing")
    func concurrentCounting() async {
        let registry = MetricRegistry()
        let counter = registry.counter("a_total", "Counted.")
        let histogram = registry.histogram("b_seconds", "Timed.", buckets: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.increment()
                        histogram.observe(nanoseconds: 1_001)
                    }
                }
            }
        }
        #expect(counter.value == 8_000)
        #expect(histogram.snapshot().total == 8_000)
        #expect(histogram.snapshot().sumNanoseconds == 8_008_000)
    }

    @Test("Metric and label names are checked")
    func names() {
        #expect(MetricFamily.isMetricName("a_b:c_1"))
        for bad in ["", "1a", "a-b", "ä", "a b"] { #expect(!MetricFamily.isMetricName(bad)) }
        #expect(MetricFamily.isLabelName("code"))
        for bad in ["", "1a", "a:b", "le", "__name__"] { #expect(!MetricFamily.isLabelName(bad)) }
    }
}
