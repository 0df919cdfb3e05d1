import Glibc

/// A program that this one started, with its output in a file. Stopped by `stop`, or by `Children` when this program is interrupted.
struct ChildProcess: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case cannotStart(program: String, errno: Int32)

        var description: String {
            switch self {
            case .cannotStart(let program, let code): "cannot start \(program): \(String(cString: strerror(code)))"
            }
        }
    }

    let pid: pid_t

    /// Starts `words[0]`, looked up in PATH when it has no slash. Both its outputs are appended to the file at `log`.
    init(_ words: [String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // This program blocks the signals that `Children` waits for; what it starts must not.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        Self.keepDescriptors()
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, environ)
        guard code == 0 else { throw Failure.cannotStart(program: words[0], errno: code) }
        self.pid = pid
        Children.shared.started(pid)
    }

    /// Programs that are started inherit none of this one's descriptors: a listener would go on taking connections after this
    /// program has closed it.
    private static func keepDescriptors() {
        for descriptor in (Directory.names("/proc/self/fd") ?? []).compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// The exit status when it has ended: 0 … 255, or 128 plus the signal.
    func ended() -> Int32? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) != 0 else { return nil }
        Children.shared.ended(pid)
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Asks it to end, and kills it when it has not after `patience`.
    func stop(patience: Duration = .seconds(5)) async {
        // Once it has been waited for, its id may belong to another.
        guard ended() == nil else { return }
        kill(pid, SIGTERM)
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        while ended() == nil {
            if clock.now > deadline { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
