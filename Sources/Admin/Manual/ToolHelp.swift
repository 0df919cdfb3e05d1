/// What a program says of itself with `--experimental-dump-help`: the definitions that its `--help` is made from.
///
/// After ArgumentParserToolInfo of swift-argument-parser, which is not a library of its own; only what a manual page needs.
struct ToolHelp: Decodable, Equatable {
    struct Command: Decodable, Equatable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }

    struct Argument: Decodable, Equatable {
        struct Name: Decodable, Equatable {
            /// `long`, `short` or `longWithSingleDash`.
            var kind: String
            var name: String

            var written: String { (kind == "long" ? "--" : "-") + name }
        }

        /// `option`, `flag` or `positional`.
        var kind: String
        var shouldDisplay: Bool?
        var isOptional: Bool?
        var isRepeating: Bool?
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var discussion: String?
    }

    var command: Command
}
