import Clients

extension FuzzBody {
    /// What clients say of themselves, line by line: labels, targets, and both together; and what becomes of it in service discovery.
    static let declarations = FuzzBody(name: "declarations") { bytes in
        let lines = FuzzInput(bytes).text.split(separator: "\n", maxSplits: 200, omittingEmptySubsequences: false)
        var labels: [String] = []
        var targets: [String] = []
        for line in lines {
            if let label = try? Label(text: line) {
                try require(try Label(text: label.text) == label, "\(label) is not read again")
                try require(!label.name.hasPrefix("__"), "a reserved label \(label.name)")
                labels.append(label.text)
            } else if let target = try? DeclaredTarget(text: line) {
                try require(try DeclaredTarget(text: target.text) == target, "\(target.text) is not read again")
                try require(
                    TargetPath(requested: target.path.description) == target.path, "\(target.path) is not asked for")
                targets.append(target.text)
            }
            if let path = TargetPath(requested: line) {
                try require(TargetPath(requested: path.description) == path, "\(path) is not what it is")
            }
        }
        do {
            try check(try Declaration(labelTexts: labels, targetTexts: targets))
        } catch let problem as DeclarationProblem {
            let isShown = problem.explanation.unicodeScalars.allSatisfy { $0.value >= 0x20 }
            try require(
                isShown && problem.explanation.utf8.count < 250, "a problem's explanation: \(problem.explanation)")
        }
    }

    private static func check(_ declaration: Declaration) throws {
        try require(declaration.labels.count <= Declaration.maxLabels, "\(declaration.labels.count) labels")
        try require(declaration.targets.count <= Declaration.maxTargets, "\(declaration.targets.count) targets")
        let texts = (declaration.labels.map(\.text), declaration.targets.map(\.text))
        let size = (texts.0 + texts.1).reduce(0) { $0 + $1.utf8.count }
        try require(size <= Declaration.maxBytes, "\(size) bytes")
        let again = try Declaration(labelTexts: texts.0, targetTexts: texts.1)
        try require(again == declaration, "not read again as what it was")
        var writer = DiscoveryWriter(.init(hasMeta: true))
        let count = writer.write("a", declaration, state: .connected, agent: "")
        try require(count == max(1, declaration.targets.count), "\(count) entries")
        // Nothing ends a string that it stands in, or the line.
        var quotes = 0
        var isEscaped = false
        for byte in writer.take() {
            try require(byte >= 0x20, "a control character in the entries")
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                quotes += 1
            }
        }
        try require(quotes % 2 == 0 && !isEscaped, "strings without an end")
    }
}
