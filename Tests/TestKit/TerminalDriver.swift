import Foundation
@preconcurrency import Glibc

/// A real terminal of a chosen size with a program in it: tmux in control mode, driven through two pipes.
///
/// Waiting is waiting for the program's output: tmux tells of every piece of it, and the screen is looked at after each.
/// A wait blocks the thread it is on. The terminal and what runs in it are killed when the last reference goes.
public final class TerminalDriver {
    /// What did not come, or does not work.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let socket: String
    /// The client: what this end talks to.
    private let client: pid_t
    private var server: pid_t = 0
    private let input: Int32
    private let output: Int32
    /// Bytes of a line that is not complete yet.
    private var pending: [UInt8] = []

    /// Seconds after which a wait has failed: far more than any step needs on a busy machine.
    public static let bound = 60.0

    /// - Parameters:
    ///   - columns: Width, in cells.
    ///   - rows: Height, in lines.
    ///   - command: A line for the shell; the terminal closes when it ends.
    ///   - environment: What the command finds besides this process's own variables.
    /// - Throws: `Failure` when tmux is missing.
    public init(columns: Int, rows: Int, command: String, environment: [String: String] = [:]) throws {
        // A terminal that has gone is told by an error, not by death.
        signal(SIGPIPE, SIG_IGN)
        socket = "pushprox-admin-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var variables = ProcessInfo.processInfo.environment
        for name in ["TMUX", "NO_COLOR", "LC_ALL", "LC_CTYPE", "ESCDELAY"] { variables[name] = nil }
        variables["LANG"] = "C.UTF-8"
        // What the program sees, not what tmux draws on.
        let inner = variables.merging(["TERM": "screen-256color"]) { _, new in new }
            .merging(environment) { _, new in new }
        let assignments = ["LANG", "TERM"] + environment.keys
        let prefix = Set(assignments).sorted().map { "\($0)='\(inner[$0] ?? "")'" }.joined(separator: " ")
        (client, input, output) = try Self.spawn(
            [
                "tmux", "-L", socket, "-f", "/dev/null", "-C", "new-session", "-x", "\(columns)", "-y", "\(rows)",
                "export \(prefix); " + command,
            ], environment: variables)
        // The answer to new-session, which nobody asked for by number.
        _ = try answer(until: Date(timeIntervalSinceNow: Self.bound))
        server = try pid_t(property("pid")) ?? 0
        try resize(columns: columns, rows: rows)
    }

    deinit {
        _ = try? run("kill-server")
        close(input)
        close(output)
        if server > 0 { kill(server, SIGKILL) }
        kill(client, SIGKILL)
        waitpid(client, nil, 0)
    }

    /// Foundation's `Process` will not do: it takes a child for running as long as anything that the child has started, the
    /// tmux server here, holds a descriptor of it.
    private static func spawn(
        _ arguments: [String], environment: [String: String]
    ) throws -> (pid: pid_t, input: Int32, output: Int32) {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failure(description: "no descriptors left") }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(fromChild[0], F_SETFL, O_NONBLOCK)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        Descriptors.keepFromChildren()
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // What this thread blocks and this process ignores is the test library's, and nothing for children to inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer {
            for text in words + variables { free(text) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            close(toChild[0])
            close(fromChild[1])
        }
        var pid = pid_t()
        guard posix_spawnp(&pid, "tmux", &actions, &attributes, &words, &variables) == 0 else {
            throw Failure(description: "tmux cannot be started; is it installed?")
        }
        return (pid, toChild[1], fromChild[0])
    }

    /// Presses keys, by the names tmux has for them: `Enter`, `Escape`, `Tab`, `Space`, `BTab`, `PgDn`, `Down`, `C-z`, `a`.
    public func press(_ keys: String...) throws {
        for key in keys { _ = try run("send-keys -- '\(key)'") }
    }

    /// Types text as it is.
    public func type(_ text: String) throws { _ = try run("send-keys -l -- '\(text)'") }

    /// Gives the terminal another size, in cells.
    public func resize(columns: Int, rows: Int) throws { _ = try run("refresh-client -C \(columns)x\(rows)") }

    /// What the terminal shows, without spaces at the ends of lines.
    public func screen() throws -> [String] { try run("capture-pane -p") }

    /// Waits until the screen satisfies a condition.
    /// - Throws: A failure that shows the screen.
    @discardableResult
    public func wait(for what: String, _ condition: ([String]) -> Bool) throws -> [String] {
        let end = Date(timeIntervalSinceNow: Self.bound)
        while true {
            let lines = try screen()
            if condition(lines) { return lines }
            guard try outputArrived(until: end) else {
                throw Failure(description: "waited in vain for \(what); the screen:\n" + lines.joined(separator: "\n"))
            }
        }
    }

    /// Waits until a text stands on the screen.
    @discardableResult
    public func wait(for text: String) throws -> [String] {
        try wait(for: "'\(text)'") { $0.contains { $0.contains(text) } }
    }

    /// Whatever tmux says of the pane: `pane_pid`, `alternate_on`, `cursor_flag`.
    public func property(_ name: String) throws -> String {
        try run("display-message -p '#{\(name)}'").first ?? ""
    }

    private func run(_ command: String) throws -> [String] {
        let bytes = Array((command + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else { throw Failure(description: "tmux has gone") }
        return try answer(until: Date(timeIntervalSinceNow: Self.bound))
    }

    /// The lines between the next `%begin` and its `%end`.
    private func answer(until end: Date) throws -> [String] {
        var lines: [String]?
        while let line = try line(until: end) {
            if line.hasPrefix("%begin ") {
                lines = []
            } else if line.hasPrefix("%end ") {
                return lines ?? []
            } else if line.hasPrefix("%error ") {
                throw Failure(description: "tmux: " + (lines ?? []).joined(separator: " "))
            } else {
                lines?.append(line)
            }
        }
        throw Failure(description: "tmux does not answer")
    }

    /// Waits for the pane to write something, or for it to end. `false` when the time is over.
    private func outputArrived(until end: Date) throws -> Bool {
        while let line = try line(until: end) {
            if line.hasPrefix("%output ") || line.hasPrefix("%extended-output ") || line.hasPrefix("%exit") {
                return true
            }
        }
        return false
    }

    private func line(until end: Date) throws -> String? {
        while true {
            if let newline = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending.removeSubrange(...newline)
                return line
            }
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return nil }
            var polled = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, Int32(left * 1000)) > 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(polled.fd, &bytes, bytes.count)
            guard count > 0 else { return nil }
            pending += bytes[..<count]
        }
    }
}
