import Foundation
import Glibc
import Store
import TestKit
import Testing

@testable import Admin

/// The whole program in a real terminal, on a database that is being written.
@Suite("The screen in a real terminal", .serialized)
struct ScreenEndToEndTests {
    /// A record with a fleet of ten, and the proxy's side of it.
    final class Proxy {
        let folder: TemporaryFolder
        private(set) var fleet: Fleet
        private var writer: StoreWriter?
        var path: String { folder.file("pushprox.db") }
        static var now: UnixMilliseconds { UnixMilliseconds(Date().timeIntervalSince1970 * 1000) }

        init(clients: Int = 10) throws {
            folder = try TemporaryFolder()
            fleet = Fleet(count: clients, started: Self.now - 3_600_000)
            try start()
            try write()
        }

        func start() throws {
            writer = try StoreWriter(
                path: path, identity: Fleet.identity(started: Self.now - 3_600_000), now: Self.now)
        }

        /// Writes as a living proxy does every second.
        func write(_ change: (inout RecordBatch) -> Void = { _ in }) throws {
            var batch = fleet.batch(at: Self.now, clients: 0..<fleet.names.count)
            change(&batch)
            _ = try writer?.write(batch)
        }

        /// As `kill -9` does: nothing is said of the end.
        func kill() { writer = nil }

        func stop() throws {
            try writer?.close(now: Self.now)
            writer = nil
        }
    }

    private func open(
        _ path: String, columns: Int = 80, rows: Int = 24, options: String = "--interval 250ms",
        environment: [String: String] = [:]
    ) throws -> TerminalDriver {
        try TerminalDriver(
            columns: columns, rows: rows,
            command: "'\(try ProgramFile.path())' --storage.path '\(path)' \(options); echo ended: $?; cat",
            environment: environment)
    }

    /// The process that the terminal's shell runs.
    private func child(of terminal: TerminalDriver) throws -> pid_t {
        let shell = try terminal.property("pane_pid")
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        return try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
    }

    /// Started by a shell with job control, whose prompt is `prompt>`; the first frame is there.
    private func openFromShell(_ path: String) throws -> TerminalDriver {
        let terminal = try TerminalDriver(
            columns: 80, rows: 24, command: "bash --norc --noprofile -i", environment: ["PS1": "prompt> "])
        try terminal.wait(for: "prompt>")
        try terminal.type("'\"'\"'\(try ProgramFile.path())'\"'\"' --storage.path \(path)")
        try terminal.press("Enter")
        try terminal.wait(for: "1/10")
        return terminal
    }

    @Test("Shows the clients and follows changes in the record")
    func showsLiveChange() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "1/10")
        try terminal.wait(for: "web-1.ams1.example.com")
        try proxy.write { batch in
            var change = ClientChange(fqdn: "a-new-one.example.com", firstSeen: Proxy.now)
            change.connected = true
            change.expires = Proxy.now + 300_000
            batch.clients.append(change)
        }
        try terminal.wait(for: "a-new-one.example.com")
        try terminal.wait(for: "1/11")
    }

    @Test("Filters as one types, opens a client, and goes back")
    func filtersAndOpens() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "1/10")
        try terminal.press("/")
        try terminal.wait(for: "filter:")
        try terminal.type("cache")
        try terminal.wait(for: "2 match")
        try terminal.press("Enter")
        try terminal.wait(for: "only /cache")
        try terminal.press("j", "Enter")
        try terminal.wait(for: "> cache-2.nyc3.example.com")
        try terminal.wait(for: "First seen")
        try terminal.press("Escape")
        try terminal.wait(for: "only /cache")
        try terminal.press("Escape")
        try terminal.wait(for: "/10")
    }

    @Test("Sorts, and the selection follows its client")
    func sorts() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "1/10")
        try terminal.press("j", "j")
        try terminal.wait(for: "3/10")
        try terminal.press("r")
        try terminal.wait(for: "8/10")
        try terminal.press("s")
        try terminal.wait(for: "> ▼ FQDN")
        try terminal.press("j", "Enter")
        try terminal.wait(for: "STATE▲")
        try terminal.press("Tab")
        try terminal.wait(for: "[Failures]")
        try terminal.wait(for: "no_poll")
    }

    @Test("Says that the proxy was killed, and recovers when it is back")
    func proxyDiesAndReturns() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "up 1h")
        proxy.kill()
        try terminal.wait(for: "PROXY NOT RUNNING: last wrote")
        try proxy.start()
        try proxy.write()
        try terminal.wait(for: "the banner to go") { !$0.contains { $0.contains("PROXY NOT RUNNING") } }
        try proxy.stop()
        try terminal.wait(for: "PROXY NOT RUNNING: stopped")
    }

    @Test("Waits for a database, and survives one that is moved aside and replaced")
    func databaseComesAndGoes() throws {
        let other = try Proxy(clients: 3)
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        let terminal = try open(path)
        try terminal.wait(for: "NO RECORD: There is no database at")
        let first = try StoreWriter(path: path, identity: Fleet.identity(started: Proxy.now), now: Proxy.now)
        try terminal.wait(for: "No client has registered yet")
        try first.close(now: Proxy.now)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.moveItem(atPath: folder.file(name), toPath: folder.file("old-" + name))
        }
        try terminal.wait(for: "NO RECORD")
        // A link to the folder would do as well; what counts is that another file stands at the path.
        let second = try StoreWriter(path: path, identity: Fleet.identity(started: Proxy.now), now: Proxy.now)
        var fleet = other.fleet
        _ = try second.write(fleet.batch(at: Proxy.now, clients: 0..<3))
        try terminal.wait(for: "1/3")
    }

    @Test("Adapts to every size, and says so where it is too small")
    func resizes() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "RECENT")
        try terminal.resize(columns: 40, rows: 10)
        try terminal.wait(for: "the narrow heads") { $0.count == 10 && !$0.contains { $0.contains("RECENT") } }
        try terminal.resize(columns: 39, rows: 10)
        try terminal.wait(for: "Too small: needs 40x10")
        try terminal.resize(columns: 150, rows: 40)
        try terminal.wait(for: "MEDIAN")
    }

    @Test("q gives the terminal back as it was")
    func quits() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path)
        try terminal.wait(for: "1/10")
        #expect(try terminal.property("alternate_on") == "1")
        try terminal.press("q")
        try terminal.wait(for: "ended: 0")
        #expect(try terminal.property("alternate_on") == "0")
        #expect(try terminal.property("cursor_flag") == "1")
        #expect(try terminal.property("mouse_any_flag") == "0")
    }

    @Test(
        "Signals that end or crash it give the terminal back",
        arguments: [("TERM", 143), ("HUP", 129), ("INT", 0), ("SEGV", 139), ("ABRT", 134), ("ILL", 132)])
    func signalled(_ signal: String, status: Int) throws {
        let proxy = try Proxy()
        let folder = try TemporaryFolder()
        let before = folder.file("before")
        let after = folder.file("after")
        let terminal = try TerminalDriver(
            columns: 80, rows: 24,
            command:
                "stty -g > \(before); '\(try ProgramFile.path())' --storage.path '\(proxy.path)'; echo ended: $?; "
                + "stty -g > \(after); echo settings saved; cat")
        try terminal.wait(for: "1/10")
        let numbers = ["TERM": SIGTERM, "HUP": SIGHUP, "INT": SIGINT, "SEGV": SIGSEGV, "ABRT": SIGABRT, "ILL": SIGILL]
        kill(try child(of: terminal), try #require(numbers[signal]))
        try terminal.wait(for: "ended: \(status)")
        try terminal.wait(for: "settings saved")
        #expect(try terminal.property("alternate_on") == "0")
        #expect(try terminal.property("cursor_flag") == "1")
        #expect(try terminal.property("mouse_any_flag") == "0")
        #expect(try String(contentsOfFile: before, encoding: .utf8) == String(contentsOfFile: after, encoding: .utf8))
    }

    @Test("Ctrl-Z gives the terminal back, and fg brings the screen")
    func suspends() throws {
        let proxy = try Proxy()
        let terminal = try openFromShell(proxy.path)
        try terminal.press("C-z")
        try terminal.wait(for: "Stopped")
        #expect(try terminal.property("alternate_on") == "0")
        try terminal.resize(columns: 100, rows: 30)
        try terminal.type("fg")
        try terminal.press("Enter")
        try terminal.wait(for: "the screen in its new size") { $0.count == 30 && $0.contains { $0.contains("1/10") } }
        try terminal.press("q")
        try terminal.wait(for: "prompt>")
    }

    @Test("A stop that comes while the screen is being drawn is not lost")
    func suspendsWhileDrawing() throws {
        let proxy = try Proxy()
        let terminal = try openFromShell(proxy.path)
        let program = try child(of: terminal)
        // Ctrl-S holds the output back, so the program waits in the middle of drawing what the key asks for.
        try terminal.press("C-s")
        try terminal.press("?")
        // Time for it to get there, measured in work; a stop that comes too soon proves less, and fails nothing.
        for _ in 0..<2_000 { _ = try String(contentsOfFile: "/proc/\(program)/status", encoding: .utf8) }
        kill(program, SIGTSTP)
        try terminal.press("C-q")
        try terminal.wait(for: "Stopped")
    }

    @Test("A terminal that closes ends it")
    func terminalCloses() throws {
        let proxy = try Proxy()
        let bell = proxy.folder.file("bell")
        #expect(mkfifo(bell, 0o600) == 0)
        let ended = Glibc.open(bell, O_RDONLY | O_NONBLOCK)
        defer { close(ended) }
        do {
            // The shell outlives the terminal, to tell how the program ended.
            let terminal = try TerminalDriver(
                columns: 80, rows: 24,
                command: "trap : HUP; '\(try ProgramFile.path())' --storage.path '\(proxy.path)'; echo $? > '\(bell)'")
            try terminal.wait(for: "1/10")
        }
        var polled = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
        #expect(poll(&polled, 1, Int32(TerminalDriver.bound * 1000)) == 1)
    }

    @Test("Without UTF-8 and colour it draws with ASCII only", arguments: ["C", "POSIX"])
    func ascii(_ locale: String) throws {
        let proxy = try Proxy()
        let terminal = try open(
            proxy.path, environment: ["LC_ALL": locale, "NO_COLOR": "1", "TERM": "vt100"])
        try terminal.wait(for: "1/10")
        let screen = try terminal.wait(for: "FQDN^")
        #expect(screen.allSatisfy { $0.allSatisfy(\.isASCII) })
    }

    @Test(
        "A terminal that cannot show a screen is told so in a sentence, and left as it is",
        arguments: [("dumb", "cannot move its cursor"), ("no-such-terminal", "is not known here")])
    func unfit(_ type: String, words: String) throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path, columns: 200, environment: ["TERM": type])
        let screen = try terminal.wait(for: "ended: 1")
        #expect(screen.contains { $0.contains("'\(type)'") && $0.contains(words) })
        #expect(screen.filter { !$0.isEmpty }.count == 2)
    }

    @Test("The mouse selects, sorts and scrolls")
    func mouse() throws {
        let proxy = try Proxy()
        let terminal = try open(proxy.path, environment: ["TERM": "xterm-256color"])
        let screen = try terminal.wait(for: "1/10")
        let heads = try #require(screen.firstIndex { $0.hasPrefix("FQDN") })
        // What a terminal sends for a press and a release of the first button (SGR), rows and columns counted from 1.
        try terminal.type("\u{1B}[<0;3;\(heads + 5)M\u{1B}[<0;3;\(heads + 5)m")
        try terminal.wait(for: "4/10")
        try terminal.type("\u{1B}[<0;2;\(heads + 1)M\u{1B}[<0;2;\(heads + 1)m")
        try terminal.wait(for: "FQDN▼")
        try terminal.wait(for: "7/10")
    }
}
