/// What a soak of either program ends with: a curve, figures, checks.
protocol Verdict: Sendable, Encodable {
    var samples: [SoakSample] { get }
    var checks: [SoakCheck] { get }
    /// What was done and what it took, before the checks; one line each.
    var summary: [String] { get }
}

extension Verdict {
    var passed: Bool { !checks.isEmpty && checks.allSatisfy(\.passed) }

    /// One line per check, then the verdict.
    func text() -> String {
        var lines = summary + [""]
        lines += checks.map { "\($0.passed ? "ok  " : "FAIL")  \($0.name): \($0.detail)" }
        let failed = checks.filter { !$0.passed }.count
        lines.append("")
        lines.append(passed ? "PASSED: it stays up." : "FAILED: \(failed) of \(checks.count) checks.")
        return lines.joined(separator: "\n")
    }
}

/// What a process under a soak had at a moment.
struct SoakSample: Sendable, Codable, Equatable {
    var seconds: Double
    var residentBytes: Int
    var descriptors: Int
}

/// One thing that had to hold.
struct SoakCheck: Sendable, Codable, Equatable {
    var name: String
    var passed: Bool
    var detail: String

    init(_ name: String, _ passed: Bool, _ detail: String) {
        self.name = name
        self.passed = passed
        self.detail = detail
    }

    /// Growth of memory, from the first wave's end to the last's, that is not a leak.
    static let memoryFactor = 1.2
    static let memoryAllowance = 16_000_000

    static func memoryIsBack(first: Int, last: Int) -> SoakCheck {
        let limit = Int(Double(first) * memoryFactor) + memoryAllowance
        return SoakCheck(
            "memory is back", last <= limit,
            "\(last / 1_000) kB at the end, \(first / 1_000) kB after the first wave, up to \(limit / 1_000) kB is not a leak"
        )
    }

    /// - Parameter allowance: how many more are not a leak.
    static func descriptorsAreBack(start: Int, end: Int, allowance: Int) -> SoakCheck {
        SoakCheck("descriptors are back", end <= start + allowance, "\(start) at the start, \(end) at the end")
    }
}
