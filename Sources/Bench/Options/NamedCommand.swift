import ArgumentParser

/// A contestant of `compare`: `NAME=COMMAND ARGUMENTS…`.
struct NamedCommand: Sendable, Hashable {
    /// Letters, digits, `.`, `_`, `-`: it becomes part of file names and of table headings.
    let name: String
    let command: CommandTemplate

    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="),
            let command = CommandTemplate(String(text[text.index(after: equals)...]))
        else { return nil }
        let name = text[..<equals]
        guard !name.isEmpty, name.count <= 40,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
        else { return nil }
        self.name = String(name)
        self.command = command
    }
}

extension NamedCommand: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
