import Foundation

/// What `--help` of a command is made from, as the argument parser gives it.
struct HelpDump: Decodable {
    struct Command: Decodable {
        var commandName: String
        var superCommands: [String]?
        var shouldDisplay: Bool?
        var arguments: [Argument]?
        var subcommands: [Command]?

        var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

        /// Itself and all below it.
        var all: [Command] { [self] + (subcommands ?? []).flatMap(\.all) }

        /// Flags that are its own business: not `--help`, `--version`, and the `help` command.
        var flags: [Argument] {
            (arguments ?? []).filter { !["help", "version"].contains($0.valueName ?? "") && $0.shouldDisplay }
        }
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: String
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
    }

    var command: Command

    init(_ json: String) throws { self = try JSONDecoder().decode(HelpDump.self, from: Data(json.utf8)) }
}

extension HelpDump.Command {
    /// The flags as a table in Markdown.
    var table: String {
        "| flag | default | |\n| --- | --- | --- |\n" + flags.map { "\($0.row)\n" }.joined()
    }
}

extension HelpDump.Argument {
    private static let defaultMark = " (default: "

    /// Some defaults are given in the text, where the parser has no value that it could show.
    private var parts: (text: String, fallback: String?) {
        let text = abstract ?? ""
        guard text.hasSuffix(")"), let mark = text.range(of: Self.defaultMark, options: .backwards) else {
            return (text, defaultValue)
        }
        return (String(text[..<mark.lowerBound]), String(text[mark.upperBound...].dropLast()))
    }

    var row: String {
        let name = names?.first { $0.kind == "long" }?.name ?? names?.first?.name ?? ""
        let flag = kind == "flag" ? "`--\(name)`" : "`--\(name) <\(valueName ?? "value")>`"
        var (text, fallback) = parts
        if let allValues, !allValues.isEmpty {
            text += " One of " + allValues.map { "`\($0)`" }.joined(separator: ", ") + "."
        }
        if isRepeating { text += " Repeatable." }
        let value =
            switch fallback {
            case let fallback? where fallback.contains(" "): fallback
            case let fallback? where !fallback.isEmpty: "`\(fallback)`"
            default: kind == "flag" ? "off" : isOptional ? "–" : "required"
            }
        return "| \(flag) | \(value) | \(text.replacing("|", with: "\\|")) |"
    }
}
