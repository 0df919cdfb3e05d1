/// A parser and what must hold for it, whatever bytes it is given. Run by libFuzzer (`make fuzz`), and by `swift test` over the corpora.
struct FuzzBody: Sendable {
    /// Also the name of its corpus: `Tests/FuzzTests/Corpora/NAME`.
    let name: String
    /// - Throws: `Violation` when a promise is broken. What traps ends the program, as it would end ours.
    let check: @Sendable (_ input: [UInt8]) throws -> Void

    static let all: [FuzzBody] = [
        .heads, .requests, .scrapes, .polls, .pushes, .chunks, .responses, .flow, .names, .addresses, .flags, .screen,
        .scans, .history, .accessFiles, .credentials, .globs, .hellos, .webSockets,
        .messages, .handshakes, .frames, .tunnels, .declarations,
    ]
}

/// A promise that an input broke.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

func require(_ holds: Bool, _ promise: @autoclosure () -> String) throws(Violation) {
    if !holds { throw Violation(description: promise()) }
}
