import ArgumentParser
import Clients

/// What `--label` takes, and what is said of anything else.
enum LabelOption {
    static func parse(_ text: String) throws -> Label {
        do throws(DeclarationProblem) { return try Label(written: text) } catch {
            // The parser says before it which flag, and what was given.
            throw ValidationError("\(error.explanation).")
        }
    }
}
