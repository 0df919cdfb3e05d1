/// A comparison as text for people: a table per piece of work, then the ratios, then what is to be doubted.
struct CompareTable {
    private let report: CompareReport

    init(_ report: CompareReport) { self.report = report }

    func text() -> String {
        let machine = report.machine
        var blocks = [
            "\(machine.cpus) CPUs (\(machine.model)), Linux \(machine.kernel), \(Fixed.text(machine.memoryBytes / 1e9, 1)) GB; \(report.pairs) pairs of runs, \(Fixed.short(report.windowSeconds)) s each after \(Fixed.short(report.warmupSeconds)) s; medians"
        ]
        blocks += report.cases.map { block($0) }
        return blocks.joined(separator: "\n\n") + "\n"
    }

    private func block(_ work: CompareReport.Case) -> String {
        let own = report.summaries.filter { $0.workload == work.name }
        var names: [String] = []
        for summary in own where !names.contains(summary.contestant) { names.append(summary.contestant) }
        guard !names.isEmpty else { return "\(work.name): no run was completed" }
        var rows = [[work.name] + names]
        for metric in Metric.allCases {
            let cells = names.map { name in
                own.first { $0.contestant == name && $0.metric == metric.rawValue }.map { summary in
                    // Errors do not average out.
                    Fixed.short(metric == .errors ? summary.spread.most : summary.spread.median)
                } ?? "–"
            }
            if cells.contains(where: { $0 != "–" }) { rows.append(["  \(metric.title)"] + cells) }
        }
        var lines = [work.title, Self.table(rows)]
        let ratios = report.comparisons.filter { $0.numerator.workload == work.name }
        if !ratios.isEmpty {
            lines.append(
                Self.table([["  ratio, pair by pair", "median", "quartiles", "least to most", ""]] + ratios.map(row)))
        }
        lines += doubts(work)
        return lines.joined(separator: "\n")
    }

    private func row(_ comparison: Comparison) -> [String] {
        let top = comparison.numerator
        let bottom = comparison.denominator
        let sides =
            top.workload == bottom.workload
            ? "\(top.contestant)/\(bottom.contestant)" : "\(top.contestant): \(top.workload)/\(bottom.workload)"
        let title = Metric(rawValue: comparison.metric)?.title ?? comparison.metric
        guard let spread = comparison.ratio.spread else { return ["  \(title), \(sides)", "–", "", "", ""] }
        let doubt =
            comparison.ratio.isDoubtful
            ? "means little: \(comparison.ratio.disturbed) pairs disturbed"
            : comparison.ratio.disturbed > 0 ? "without \(comparison.ratio.disturbed) disturbed" : ""
        return [
            "  \(title), \(sides)", "\(Fixed.short(spread.median)) ×",
            "\(Fixed.short(spread.lowerQuartile))…\(Fixed.short(spread.upperQuartile))",
            "\(Fixed.short(spread.least))…\(Fixed.short(spread.most))", doubt,
        ]
    }

    private func doubts(_ work: CompareReport.Case) -> [String] {
        report.runs.filter { $0.workload == work.name }.flatMap { run -> [String] in
            var doubts = run.notes
            if let disturbance = run.disturbance, disturbance.isTooMuch {
                doubts.append(
                    "machine too busy: others took \(Fixed.text(disturbance.others * 100, 0)) % of its CPUs, the hypervisor \(Fixed.text(disturbance.stolen * 100, 0)) %; these figures mean nothing"
                )
            }
            return doubts.map { "  ! \(run.contestant), run \(run.pair): \($0)" }
        }
    }

    /// Columns of equal width; all but the first are set to the right.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let line = row.enumerated().map { index, cell in
                index == 0 ? cell.padded(to: widths[0]) : cell.paddedLeft(to: widths[index])
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
