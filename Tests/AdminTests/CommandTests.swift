import Foundation
import Glibc
import Store
import TestKit
import Testing

@testable import Admin

@Suite("The commands without a screen")
struct CommandTests {
    private typealias Proxy = ScreenEndToEndTests.Proxy

    private func objects(_ text: String) throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    }

    @Test("clients filters, sorts and limits")
    func clients() throws {
        let proxy = try Proxy(clients: 50)
        func names(_ options: String...) throws -> [String] {
            let result = try ProgramFile.run(["clients", "--storage.path", proxy.path, "--format", "json"] + options)
            #expect(result.status == 0, "\(result.error)")
            return try objects(result.output).compactMap { $0["fqdn"] as? String }
        }
        let inOrder = proxy.fleet.names.sorted { NaturalKey.of($0) < NaturalKey.of($1) }
        #expect(try names() == inOrder)
        #expect(try names("--reverse") == inOrder.reversed())
        #expect(try names("--fqdn", "WEB-*").allSatisfy { $0.hasPrefix("web-") })
        #expect(try names("--limit", "3").count == 3)
        #expect(try names("--state", "gone", "--state", "stale").count == 5)
        #expect(try names("--state", "live").count + names("--state", "gone").count == 50)
        #expect(try names("--since", "5m").count + names("--state", "gone").count == 50)
        #expect(try names("--kind", "no_poll").count == 5)
        #expect(try names("--sort", "failures", "--limit", "5").count == 5)
        let polling = try names("--transport", "poll")
        #expect(Set(polling) == Set(stride(from: 0, to: 50, by: 4).map { proxy.fleet.names[$0] }))
        #expect(try names("--transport", "tunnel").count == 50 - polling.count)
        #expect(try names("--transport", "tunnel", "--transport", "poll").count == 50)
        #expect(try names("--transport", "poll", "--state", "gone", "--state", "stale").count == 2)
        #expect(try names("--sort", "transport").prefix(polling.count).allSatisfy(polling.contains))
        #expect(try names("--sort", "ping_seconds", "--limit", "1") == [proxy.fleet.names[49]])
        #expect(try names("--fqdn", "nothing").isEmpty)
    }

    @Test("Names that are scraped and never polled are a state of their own")
    func unknownNames() throws {
        let proxy = try Proxy()
        try proxy.write { batch in
            var change = ClientChange(fqdn: "typo.example.com", firstSeen: batch.time)
            change.polled = false
            change.scrapes = 1
            batch.clients.append(change)
        }
        let unknown = try ProgramFile.run(
            ["clients", "--storage.path", proxy.path, "--format", "json", "--state", "unknown"])
        #expect(try objects(unknown.output).map { $0["fqdn"] as? String } == ["typo.example.com"])
        let live = try ProgramFile.run(["clients", "--storage.path", proxy.path, "--state", "live"])
        #expect(!live.output.contains("typo"))
        let status = try ProgramFile.run(["status", "--storage.path", proxy.path, "--format", "csv"])
        #expect(status.output.contains("clients_unknown"))
        let output = proxy.folder.file("sd.json")
        _ = try ProgramFile.run(["sd", "--storage.path", proxy.path, "--output", output])
        #expect(try !String(contentsOfFile: output, encoding: .utf8).contains("typo"))
    }

    @Test("Without a subcommand and without a terminal the clients are printed")
    func plain() throws {
        let proxy = try Proxy()
        let plain = try ProgramFile.run(["--storage.path", proxy.path])
        #expect(plain.status == 0)
        #expect(plain.output.hasPrefix("FQDN"))
        #expect(plain.output.split(separator: "\n").count == 11)
    }

    @Test("failures filters by kind, name and time, newest first")
    func failures() throws {
        let proxy = try Proxy(clients: 50)
        try proxy.write()
        func kinds(_ options: String...) throws -> [String] {
            let result = try ProgramFile.run(["failures", "--storage.path", proxy.path, "--format", "json"] + options)
            #expect(result.status == 0, "\(result.error)")
            return try objects(result.output).compactMap { $0["kind"] as? String }
        }
        #expect(try kinds().count >= 12)
        #expect(try kinds("--kind", "no_poll").count == 10)
        #expect(try kinds("--kind", "no_poll", "--limit", "3") == ["no_poll", "no_poll", "no_poll"])
        #expect(try kinds("--since", "2030-01-01").isEmpty)
        #expect(try kinds("--fqdn", "nothing*").isEmpty)
    }

    @Test("status says why, by a line and by its exit status")
    func status() throws {
        let proxy = try Proxy()
        func status(_ options: String...) throws -> ProgramFile.Result {
            try ProgramFile.run(["status", "--storage.path", proxy.path] + options)
        }
        let well = try status()
        #expect(well.status == 0)
        #expect(well.output.hasPrefix("ok: pushprox-proxy 0.1.0 at 127.0.0.1:8080, up 1h 0m, 10 live clients"))
        #expect(well.output.split(separator: "\n").count == 1)
        #expect(try status("--max-failure-share", "0.01").status == 1)
        #expect(try status("--max-failure-share", "1").status == 0)
        let json = try status("--format", "json").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["ok"] as? Bool == true)
        #expect(object?["clients_on_polls"] as? Int == 2 && object?["clients_on_tunnels"] as? Int == 7)
        #expect(object?["connections_opened_total"] as? Int == 0 && object?["connections"] as? Int == 0)
        proxy.kill()
        let dead = try status()
        #expect(dead.status == 1)
        #expect(dead.output.hasPrefix("not ok: pushprox-proxy 0.1.0 at 127.0.0.1:8080: PROXY NOT RUNNING"))
        try proxy.start()
        try proxy.stop()
        #expect(try status().output.contains("stopped"))
    }

    @Test("A record that cannot be read is a sentence and status 1", arguments: ["clients", "failures", "status"])
    func noRecord(_ command: String) throws {
        let folder = try TemporaryFolder()
        let absent = try ProgramFile.run([command, "--storage.path", folder.file("none.db")])
        #expect(absent.status == 1)
        #expect((absent.output + absent.error).contains("There is no database at \(folder.file("none.db"))"))
        try Data("this is no database, whatever its name says".utf8).write(
            to: URL(fileURLWithPath: folder.file("text.db")))
        let text = try ProgramFile.run([command, "--storage.path", folder.file("text.db")])
        #expect(text.status == 1)
        #expect((text.output + text.error).contains("is not a SQLite database"))
    }

    @Test("Wrong usage names the flag, the value and what is expected")
    func usage() throws {
        func error(_ arguments: String...) throws -> String {
            let result = try ProgramFile.run(arguments)
            #expect(result.status == 64)
            return result.error
        }
        #expect(try error("clients", "--limit=-3").contains("--limit is -3"))
        #expect(try error("clients", "--kind", "nopoll").contains("--kind is 'nopoll'"))
        #expect(try error("clients", "--state", "dead").contains("dead"))
        #expect(try error("clients", "--transport", "push").contains("push"))
        #expect(try error("sd", "--output", "x", "--port", "70000").contains("--port is 70000"))
        #expect(try error("sd").contains("--output"))
        #expect(try error("--interval", "1ms").contains("--interval is 1ms"))
        #expect(try error("clients", "--storage.path", "").contains("--storage.path is empty"))
        #expect(try error("status", "--max-failure-share", "7").contains("from 0 to 1"))
    }

    @Test("--help, --version and completions")
    func help() throws {
        let version = try ProgramFile.run(["--version"])
        #expect(version.output.hasPrefix("pushprox-admin, version "))
        let help = try ProgramFile.run(["--help"])
        #expect(help.status == 0)
        for word in ["EXAMPLES", "--storage.path", "clients", "failures", "status", "sd", "NO_COLOR", "EXIT STATUS"] {
            #expect(help.output.contains(word), "\(word)")
        }
        for command in ["clients", "failures", "status", "sd", "screen"] {
            #expect(try ProgramFile.run([command, "--help"]).output.contains("EXAMPLES"))
        }
        for shell in ["bash", "zsh", "fish"] {
            #expect(try ProgramFile.run(["--generate-completion-script", shell]).output.contains("pushprox-admin"))
        }
    }

    @Test("sd writes the live clients once")
    func discovery() throws {
        let proxy = try Proxy(clients: 20)
        let output = proxy.folder.file("sd.json")
        let first = try ProgramFile.run(
            ["sd", "--storage.path", proxy.path, "--output", output, "--port", "9100", "--port", "9200"])
        #expect(first.status == 0)
        #expect(first.output.hasSuffix("sd.json: wrote 19 clients\n"))
        let groups = try objects(try String(contentsOfFile: output, encoding: .utf8))
        #expect(groups.count == 19)
        #expect((groups[0]["targets"] as? [String])?.count == 2)
        let second = try ProgramFile.run(
            ["sd", "--storage.path", proxy.path, "--output", output, "--port", "9100", "--port", "9200"])
        #expect(second.output == "")
        let bad = try ProgramFile.run(["sd", "--storage.path", proxy.path, "--output", "/nonexistent/sd.json"])
        #expect(bad.status == 1)
        #expect(bad.error.contains("/nonexistent"))
    }

    @Test("sd --watch keeps the file current, keeps it while the record is away, and ends on SIGTERM")
    func watching() throws {
        let proxy = try Proxy(clients: 20)
        let output = proxy.folder.file("sd.json")
        let running = try ProgramFile.start([
            "sd", "--storage.path", proxy.path, "--output", output, "--watch", "--interval", "100ms",
        ])
        defer { if running.process.isRunning { running.process.terminate() } }
        let said = running.output.fileHandleForReading
        let complained = running.error.fileHandleForReading
        #expect(line(said)?.hasSuffix("wrote 19 clients") == true)
        try proxy.write { batch in
            var change = ClientChange(fqdn: "late.example.com", firstSeen: Proxy.now)
            change.connected = true
            change.expires = Proxy.now + 300_000
            batch.clients.append(change)
        }
        #expect(line(said)?.hasSuffix("wrote 20 clients") == true)
        #expect(try String(contentsOfFile: output, encoding: .utf8).contains("\"late.example.com\""))
        try proxy.stop()
        try FileManager.default.moveItem(atPath: proxy.path, toPath: proxy.path + ".old")
        #expect(line(complained)?.contains("There is no database at") == true)
        #expect(try String(contentsOfFile: output, encoding: .utf8).contains("\"late.example.com\""))
        try FileManager.default.moveItem(atPath: proxy.path + ".old", toPath: proxy.path)
        #expect(line(complained)?.contains("All is well again") == true)
        running.process.terminate()
        running.process.waitUntilExit()
        #expect(running.process.terminationStatus == 0)
    }

    /// The next line that a program writes; `nil` when it ends instead, or says nothing within the bound.
    private func line(_ file: FileHandle) -> String? {
        var bytes: [UInt8] = []
        while true {
            var polled = pollfd(fd: file.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, Int32(TerminalDriver.bound * 1000)) == 1 else { return nil }
            var byte: UInt8 = 0
            guard read(file.fileDescriptor, &byte, 1) == 1 else { return nil }
            if byte == 10 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}
