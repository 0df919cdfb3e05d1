import ArgumentParser
@preconcurrency import Glibc

/// Starts a program from its command line, and ends it when something is wrong: with one line on standard error that begins with
/// the program's name.
public enum Launch {
    /// Parses the process's arguments and runs the command; returns when it has finished.
    ///
    /// Exits with 0 after `--help`, `--version` and their kind, with 64 (`EX_USAGE`) for flags that can't be right, and with 1 for
    /// whatever the command throws.
    public static func run<Command: AsyncParsableCommand>(_ command: Command.Type) async {
        do {
            var parsed = try Command.parseAsRoot(spelledOut(Array(CommandLine.arguments.dropFirst())))
            if var parsed = parsed as? any AsyncParsableCommand {
                try await parsed.run()
            } else {
                try parsed.run()
            }
        } catch {
            end(Command.self, error)
        }
    }

    /// The same for commands that need no asynchronous context, on the calling thread.
    public static func run<Command: ParsableCommand>(_ command: Command.Type) {
        do {
            var parsed = try Command.parseAsRoot(spelledOut(Array(CommandLine.arguments.dropFirst())))
            try parsed.run()
        } catch {
            end(Command.self, error)
        }
    }

    /// `--flag=` as `--flag ''`: the argument parser takes the first for a missing value, Go's parsers for an empty one.
    static func spelledOut(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].flatMap { argument in
            argument.hasPrefix("--") && argument.hasSuffix("=") && argument.firstIndex(of: "=") == argument.indices.last
                ? [String(argument.dropLast()), ""] : [argument]
        } + arguments[end...]
    }

    private static func end<Command: ParsableCommand>(_ command: Command.Type, _ error: any Error) -> Never {
        let code = Command.exitCode(for: error)
        if code.isSuccess {
            print(Command.fullMessage(for: error))
            exit(code.rawValue)
        }
        let name = Command._commandName
        // A command that has already said what is wrong throws a bare exit code.
        let message = SecretText.withoutUserInfo(Command.message(for: error), where: CommandLine.arguments)
        if !message.isEmpty {
            let hint = code == .validationFailure ? " (see \(name) --help)" : ""
            let line = message.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " ")
            fputs("\(name): \(line)\(hint)\n", stderr)
        }
        exit(code.rawValue)
    }
}
