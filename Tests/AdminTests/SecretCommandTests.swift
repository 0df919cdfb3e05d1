import Access
import Foundation
import Settings
import TestKit
import Testing

@testable import Admin

@Suite("Tokens and password hashes for the access file", .serialized) struct SecretCommandTests {
    private func value(of key: String, in output: String) -> String? {
        output.split(separator: "\n").first { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
    }

    @Test("new-token prints a token and its hash, new ones each time")
    func newToken() throws {
        let (first, second) = try (ProgramFile.run(["new-token"]), ProgramFile.run(["new-token"]))
        #expect(first.status == 0 && first.error.isEmpty)
        let token = try #require(value(of: "token", in: first.output))
        #expect(value(of: "token_hash", in: first.output) == TokenHash(of: Secret(token)).description)
        #expect(first.output.split(separator: "\n").count == 2 && first.output != second.output)
    }

    @Test("new-token writes the token to a file that only its owner may read, and never over another")
    func tokenFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("token")
        let result = try ProgramFile.run(["new-token", "--token-file", path])
        #expect(result.status == 0)
        let token = try SecretFile(path: path).secret
        #expect(result.output == "token_hash: \(TokenHash(of: token))\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try ProgramFile.run(["new-token", "--token-file", path])
        #expect(again.status == 1 && again.error.contains("it exists already") && again.output.isEmpty)
        #expect(try SecretFile(path: path).secret == token)
        #expect(try ProgramFile.run(["new-token", "--token-file", folder.file("none/token")]).status == 1)
    }

    @Test("hash-password reads one line and prints a hash that fits it, of the cost that was asked for")
    func hashPassword() throws {
        func hash(_ input: String, _ options: String...) throws -> PasswordHash {
            let result = try ProgramFile.run(["hash-password"] + options, input: Array(input.utf8))
            #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
            return try #require(PasswordHash(String(result.output.dropLast())))
        }
        let usual = try hash("hunter2\n")
        #expect(usual.verify(Secret("hunter2")) && usual.cost == 10 && usual.written.hasPrefix("$2y$10$"))
        #expect(try hash("pässwörd : x", "--cost", "4").verify(Secret("pässwörd : x")))
        #expect(try hash(" x \r\n", "--cost", "5").verify(Secret(" x ")))
    }

    @Test(
        "hash-password refuses what would be no password, and does not repeat it",
        arguments: [
            ("", "is empty"), ("\n", "is empty"), ("hunter2\nhunter3\n", "there are several"),
            ("hunter2\u{0}", "a control character"), ("hunter2" + String(repeating: "é", count: 33), "72 bytes"),
            (String(repeating: "hunter2", count: 9_000), "72 bytes"),
        ])
    func refused(input: String, expected: String) throws {
        let result = try ProgramFile.run(["hash-password", "--cost", "4"], input: Array(input.utf8))
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.error.contains(expected) && !result.error.contains("hunter"), "\(result.error)")
    }

    @Test("Wrong usage is 64", arguments: ["3", "17", "x"]) func usage(cost: String) throws {
        let result = try ProgramFile.run(["hash-password", "--cost", cost])
        #expect(result.status == 64 && result.error.contains("--cost"))
    }

    private func terminal() throws -> TerminalDriver {
        let terminal = try TerminalDriver(
            columns: 100, rows: 24,
            command: "'\(try ProgramFile.path())' hash-password --cost 4; echo ended: $?; stty -a; cat")
        try terminal.wait(for: "Password:")
        return terminal
    }

    @Test("On a terminal it asks twice and shows nothing of what is typed")
    func asks() throws {
        let terminal = try terminal()
        try terminal.type("hunter2")
        try terminal.press("Enter")
        try terminal.wait(for: "Again:")
        try terminal.type("hunter2")
        try terminal.press("Enter")
        let screen = try terminal.wait(for: "ended: 0")
        let text = try #require(screen.first { $0.hasPrefix("$2y$04$") })
        #expect(PasswordHash(text)?.verify(Secret("hunter2")) == true)
        #expect(!screen.contains { $0.contains("hunter") })
        let modes = try terminal.wait(for: "echok")
        #expect(modes.joined(separator: " ").contains(" echo "))
    }

    @Test("Two passwords that differ are hashed neither")
    func differ() throws {
        let terminal = try terminal()
        for (password, next) in [("hunter2", "Again:"), ("hunter3", "ended: 1")] {
            try terminal.type(password)
            try terminal.press("Enter")
            try terminal.wait(for: next)
        }
        #expect(try terminal.screen().contains { $0.contains("The two passwords differ") })
    }

    @Test("Ctrl-C ends it, and the terminal shows again what is typed")
    func interrupted() throws {
        let terminal = try TerminalDriver(
            columns: 100, rows: 30, command: "bash --norc --noprofile -i", environment: ["PS1": "prompt> "])
        try terminal.wait(for: "prompt>")
        try terminal.type("'\"'\"'\(try ProgramFile.path())'\"'\"' hash-password")
        try terminal.press("Enter")
        try terminal.wait(for: "Password:")
        try terminal.type("hunter2")
        try terminal.press("C-c")
        try terminal.wait(for: "some prompt after it") { $0.last { !$0.isEmpty } == "prompt>" }
        try terminal.type("stty -a")
        try terminal.press("Enter")
        let screen = try terminal.wait(for: "echoctl")
        #expect(screen.joined(separator: " ").contains(" echo "))
        #expect(!screen.contains { $0.contains("hunter") })
    }
}
