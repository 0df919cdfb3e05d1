/// The memory curve of a soak.
enum SoakChart {
    /// - Parameter program: whose memory it is, as in "the proxy".
    static func memory(_ samples: [SoakSample], of program: String) -> LineChart {
        LineChart(
            title: "Resident memory of \(program) during a soak", xTitle: "seconds", yTitle: "MB",
            series: [.init(name: "resident", points: samples.map { ($0.seconds, Double($0.residentBytes) / 1e6) })],
            showsPoints: false)
    }
}
