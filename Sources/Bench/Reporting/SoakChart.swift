/// The memory curve of a soak.
enum SoakChart {
    static func memory(_ report: SoakReport) -> LineChart {
        LineChart(
            title: "Resident memory of the proxy during a soak", xTitle: "seconds", yTitle: "MB",
            series: [
                .init(name: "resident", points: report.samples.map { ($0.seconds, Double($0.residentBytes) / 1e6) })
            ], showsPoints: false)
    }
}
