import ArgumentParser
import Glibc
import Store

/// Ends a command with a sentence on standard error.
enum CommandFailure {
    /// What a command throws to end with status 1 after saying why.
    static func exit(_ sentence: String) -> ExitCode {
        say(sentence)
        return ExitCode(1)
    }

    static func exit(_ problem: RecordProblem) -> ExitCode { exit(problem.sentence) }

    /// Writes a line to standard error.
    static func say(_ sentence: String) {
        let line = "pushprox-admin: " + TextWidth.shown(sentence) + "\n"
        _ = Output.write(line, to: STDERR_FILENO)
    }
}
