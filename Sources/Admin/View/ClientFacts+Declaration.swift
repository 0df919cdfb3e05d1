import Clients

extension ClientFacts.Builder {
    private static let label = 14

    /// What the client says of itself, and what it offers.
    mutating func declaration(_ declaration: Declaration) {
        guard !declaration.isNone else { return }
        blank()
        let labels = declaration.labels.map(\.written).joined(separator: "  ")
        if !labels.isEmpty { entry("Labels", labels, .plain) }
        for (number, target) in declaration.targets.enumerated() {
            let place = target.path == .standard ? "\(target.port)/metrics" : target.place
            let its = target.labels.map(\.written).joined(separator: "  ")
            entry(number == 0 ? "Targets" : "", its.isEmpty ? place : place + "  " + its, .plain)
        }
    }

    private mutating func entry(_ name: String, _ text: String, _ role: Role) {
        for (number, line) in Wrapping.lines(text, width: max(10, width - Self.label)).enumerated() {
            let head = number == 0 ? name : ""
            append(
                CellText(spans: [
                    .init(text: head + String(repeating: " ", count: Self.label - head.count), role: .faint),
                    .init(text: line, role: role),
                ]))
        }
    }
}
