import Foundation
@preconcurrency import Glibc
import NIOCore
import NIOPosix

/// A program that a test runs as its users run it: from its file, with flags, signals and an exit status.
///
/// It is killed when the last reference goes, so that no test leaves one behind.
public final class Program: Sendable {
    public struct CannotStart: Error, CustomStringConvertible {
        public let description: String
    }

    /// How a program ended.
    public enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// Resident memory, bytes.
    public struct Memory: Sendable {
        public var resident: Int
        /// The most since the start, or since `resetPeakMemory`.
        public var peak: Int
    }

    public let pid: pid_t
    public let output = LineLog()
    public let errors = LineLog()
    private let process: RunningProcess

    /// - Parameters:
    ///   - environment: added to this process's own, from which the variables that name HTTP proxies are taken out.
    ///   - input: the path of a file to read as standard input.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null"
    ) throws {
        let output = try Self.makePair()
        let errors = try Self.makePair()
        defer {
            close(output.theirs)
            close(errors.theirs)
        }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.theirs, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.theirs, 2)
        Descriptors.keepFromChildren()
        // What this process blocks or ignores is no business of what it starts.
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.lowercased().hasSuffix("_proxy") }
        variables.merge(environment) { _, new in new }
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &words, &settings)
        guard code == 0 else {
            close(output.ours)
            close(errors.ours)
            throw CannotStart(description: "cannot start \(path): \(String(cString: strerror(code)))")
        }
        self.pid = pid
        process = RunningProcess(pid: pid)
        Self.read(output.ours, into: self.output)
        Self.read(errors.ours, into: self.errors)
    }

    deinit { process.signal(SIGKILL) }

    /// Sends a signal, unless it has ended.
    public func signal(_ signal: Int32) { process.signal(signal) }

    /// Waits for its end, and for the last of its output.
    @discardableResult
    public func exited() async throws -> Exit {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Exit.self)
        let hang = loop.scheduleTask(in: .seconds(60)) { [errors, pid] in
            promise.fail(LineLog.Absent(description: "process \(pid) does not end; it wrote:\n\(errors.text)"))
        }
        process.whenExited { promise.succeed($0) }
        defer { hang.cancel() }
        let exit = try await promise.futureResult.get()
        _ = try await output.end()
        _ = try await errors.end()
        return exit
    }

    /// Ends it in good order.
    @discardableResult
    public func stop() async throws -> Exit {
        signal(SIGTERM)
        return try await exited()
    }

    /// - Throws: When it has ended.
    public func memory() throws -> Memory {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        func bytes(_ field: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
            return (Int(line.filter(\.isNumber)) ?? 0) * 1024
        }
        return Memory(resident: bytes("VmRSS"), peak: bytes("VmHWM"))
    }

    /// Sets how many descriptors it may have; those that it has stay.
    public func limitDescriptors(to count: Int) async throws {
        let setter = try Program(Executable.installed("prlimit"), ["--pid", "\(pid)", "--nofile=\(count):"])
        guard try await setter.exited() == .code(0) else { throw CannotStart(description: setter.errors.text) }
    }

    /// Lets the peak begin anew at what is resident now (proc(5), clear_refs).
    public func resetPeakMemory() throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/\(pid)/clear_refs"))
        try file.write(contentsOf: Data("5".utf8))
        try file.close()
    }

    /// A pair of connected sockets rather than a pipe: closed on exec from the very start, so that a program that another test
    /// starts at this moment inherits no end of it.
    private static func makePair() throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw CannotStart(description: "socketpair: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }

    private static func read(_ descriptor: Int32, into output: LineLog) {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Foundation.read(descriptor, &bytes, bytes.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                output.arrived(bytes[..<count])
            }
            close(descriptor)
            output.ended()
        }
    }
}
