/// A manual page in the man(7) language, made from what a program says of itself.
///
/// In discussions, a line of capitals is a section, indented lines are examples and stay as they are, and everything else is
/// prose: the same conventions that make `--help` readable.
struct ManualPage {
    private var lines: [String] = []

    /// The page's source.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// - Parameter version: As `--version` has it, without the program's name.
    init(_ help: ToolHelp, version: String) {
        let command = help.command
        let name = command.commandName
        lines.append(".TH \(Self.escaped(name.uppercased())) 1 \"\" \"\(Self.escaped("pushprox \(version)"))\"")
        section("NAME")
        lines.append("\(Self.escaped(name)) \\- \(Self.escaped(Self.phrase(command.abstract ?? "")))")
        section("SYNOPSIS")
        lines.append(".B \(Self.escaped(name))")
        let commands = (command.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
        lines.append("[\\fIoptions\\fR]" + (commands.isEmpty ? "" : " [\\fIcommand\\fR]"))
        section("DESCRIPTION")
        let (description, sections) = Self.parts(command.discussion ?? "")
        lines += description
        // Options before the examples, as everywhere.
        arguments(of: command, heading: "OPTIONS")
        if !commands.isEmpty { section("COMMANDS") }
        for command in commands {
            lines.append(".SS \(Self.escaped(command.commandName))")
            lines.append(Self.escaped(command.abstract ?? ""))
            arguments(of: command, heading: nil)
            let (description, sections) = Self.parts(command.discussion ?? "")
            if !description.isEmpty { lines += [".PP"] + description }
            for (heading, body) in sections { lines += [".PP", "\\fB\(Self.escaped(heading))\\fR"] + body }
        }
        for (heading, body) in sections {
            section(heading)
            lines += body
        }
    }

    private mutating func section(_ heading: String) { lines.append(".SH \(Self.escaped(heading))") }

    private mutating func arguments(of command: ToolHelp.Command, heading: String?) {
        let shown = (command.arguments ?? []).filter { argument in
            let isEverywhere = ["version", "help"].contains(argument.names?.last?.name ?? "")
            return argument.shouldDisplay != false && (heading != nil || !isEverywhere)
        }
        guard !shown.isEmpty else { return }
        if let heading { section(heading) }
        for argument in shown {
            lines.append(".TP")
            let value = "\\fI\(Self.escaped(argument.valueName ?? "value"))\\fR"
            let names = (argument.names ?? []).map { "\\fB\(Self.escaped($0.written))\\fR" }.joined(separator: ", ")
            switch argument.kind {
            case "positional": lines.append(value)
            case "option": lines.append("\(names) \(value)")
            default: lines.append(names)
            }
            var text = argument.abstract ?? ""
            if let values = argument.allValues, !values.isEmpty {
                text += " Values: \(values.joined(separator: ", "))."
            }
            if argument.isOptional != true { text += " Required." }
            if let value = argument.defaultValue { text += " Default: \(value)." }
            lines.append(Self.escaped(text))
            if let discussion = argument.discussion, !discussion.isEmpty {
                lines.append(Self.escaped(discussion))
            }
        }
    }

    /// Splits a discussion into what comes first and its sections, each as lines of the page.
    private static func parts(_ discussion: String) -> (description: [String], sections: [(String, [String])]) {
        var description: [String] = []
        var sections: [(String, [String])] = []
        var isExample = false
        func add(_ line: String) {
            if sections.isEmpty { description.append(line) } else { sections[sections.count - 1].1.append(line) }
        }
        func endExample() {
            if isExample { add(".fi") }
            isExample = false
        }
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                endExample()
                add(".PP")
            } else if line.first == " " {
                if !isExample { add(".nf") }
                isExample = true
                add(escaped(String(line)))
            } else if line.allSatisfy({ $0.isUppercase || $0 == " " }) {
                endExample()
                sections.append((String(line), []))
            } else {
                endExample()
                add(escaped(String(line)))
            }
        }
        endExample()
        // Space between paragraphs is for between them.
        while description.last == ".PP" { description.removeLast() }
        return (description, sections.map { ($0.0, $0.1.last == ".PP" ? Array($0.1.dropLast()) : $0.1) })
    }

    /// `Watch a proxy.` as the one-line description of a page wants it: `watch a proxy`.
    private static func phrase(_ sentence: String) -> String {
        let phrase = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        guard let first = phrase.first else { return "" }
        return first.lowercased() + phrase.dropFirst()
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "\n": escaped += " "
            case "." where escaped.isEmpty, "'" where escaped.isEmpty: escaped += "\\&\(character)"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
