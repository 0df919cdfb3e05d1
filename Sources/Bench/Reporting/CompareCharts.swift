/// The charts of a comparison, by file name; those for which nothing was measured are left out.
enum CompareCharts {
    static func all(_ report: CompareReport) -> [String: LineChart] {
        var charts: [String: LineChart] = [:]
        let latency = latencyByRate(report)
        if !latency.series.isEmpty { charts["latency-by-rate.svg"] = latency }
        let cpu = cpuByRate(report)
        if !cpu.series.isEmpty { charts["cpu-by-rate.svg"] = cpu }
        let memory = memoryByClients(report)
        if !memory.series.isEmpty { charts["memory-by-clients.svg"] = memory }
        let bursts = burstByRoundTrip(report)
        if !bursts.series.isEmpty { charts["burst-by-round-trip.svg"] = bursts }
        return charts
    }

    /// Medians over all runs of the workload `burst`.
    private static func burstByRoundTrip(_ report: CompareReport) -> LineChart {
        let series = contestants(report).compactMap { name -> LineChart.Series? in
            let points = Workload.roundTrips.compactMap { time -> (x: Double, y: Double)? in
                report.summaries.first {
                    $0.workload == "burst-\(time)" && $0.contestant == name && $0.metric == Metric.burst.rawValue
                }.map { (Double(time), $0.spread.median) }
            }
            return points.isEmpty ? nil : .init(name: name, points: points)
        }
        return LineChart(
            title: "20 scrapes of one client at once: the last one", xTitle: "round trip to the client, ms",
            yTitle: "milliseconds", series: series, isLogarithmic: true)
    }

    /// Medians of p50 and p99 over all runs, for every rate of the workload `rates`.
    private static func latencyByRate(_ report: CompareReport) -> LineChart {
        var series: [LineChart.Series] = []
        for name in contestants(report) {
            for (metric, title, dashed) in [(Metric.p99, "p99", false), (.p50, "p50", true)] {
                let points = Workload.sweptRates.compactMap { rate -> (x: Double, y: Double)? in
                    report.summaries.first {
                        $0.workload == "rates-\(rate)" && $0.contestant == name && $0.metric == metric.rawValue
                    }.map { (Double(rate), $0.spread.median) }
                }
                if !points.isEmpty { series.append(.init(name: "\(name), \(title)", points: points, isDashed: dashed)) }
            }
        }
        return LineChart(
            title: "Latency of a scrape, open loop, 1,000 clients, 5 kB bodies", xTitle: "scrapes due per second",
            yTitle: "milliseconds", series: series, isLogarithmic: true)
    }

    /// Medians over all runs, for every rate of the workload `rates`. Seconds for 1,000 scrapes are milliseconds for one.
    private static func cpuByRate(_ report: CompareReport) -> LineChart {
        let series = contestants(report).compactMap { name -> LineChart.Series? in
            let points = Workload.sweptRates.compactMap { rate -> (x: Double, y: Double)? in
                report.summaries.first {
                    $0.workload == "rates-\(rate)" && $0.contestant == name && $0.metric == Metric.cpu.rawValue
                }.map { (Double(rate), $0.spread.median * 1_000) }
            }
            return points.isEmpty ? nil : .init(name: name, points: points)
        }
        return LineChart(
            title: "CPU of the proxy per scrape, open loop, 1,000 clients, 5 kB bodies",
            xTitle: "scrapes due per second", yTitle: "microseconds", series: series)
    }

    /// Medians over all runs of the workload `idle`.
    private static func memoryByClients(_ report: CompareReport) -> LineChart {
        let series = contestants(report).compactMap { name -> LineChart.Series? in
            let curves = report.runs.filter { $0.contestant == name && !$0.memoryCurve.isEmpty }.map(\.memoryCurve)
            let points = (curves.first ?? []).compactMap { point -> (x: Double, y: Double)? in
                let same = curves.compactMap { curve in curve.first { $0.clients == point.clients }?.residentBytes }
                return Spread(same).map { (Double(point.clients), $0.median / 1e6) }
            }
            return points.isEmpty ? nil : .init(name: name, points: points)
        }
        return LineChart(
            title: "Resident memory of the proxy with idle clients", xTitle: "idle clients", yTitle: "MB",
            series: series)
    }

    private static func contestants(_ report: CompareReport) -> [String] {
        var names: [String] = []
        for run in report.runs where !names.contains(run.contestant) { names.append(run.contestant) }
        return names
    }
}
