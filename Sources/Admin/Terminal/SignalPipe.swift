import Glibc

/// Turns signals into bytes of a pipe, which a loop can wait for together with everything else.
final class SignalPipe {
    /// Where handlers write. Set once, by the main thread: each command makes at most one pipe, at its start, and a second one is refused
    /// below. That is before the first handler is installed, by a system call, so that handlers, the only ones to read it on other
    /// threads, see it set; and as nothing changes or closes it afterwards, they can read it at any moment.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    let descriptor: Int32

    /// `nil` when the process has no descriptor left, or a pipe was made before.
    init?(_ signals: [Int32]) {
        guard Self.writeEnd < 0 else { return nil }
        guard let pipe = Pipe() else { return nil }
        descriptor = pipe.readEnd
        Self.writeEnd = pipe.writeEnd
        // Whoever started this program may have had them blocked.
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in signals {
            Self.watch(signal)
            sigaddset(&mask, signal)
        }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    /// Signals that have arrived since the last call, oldest first.
    func arrived() -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? bytes[..<count].map { Int32($0) } : []
    }

    /// Waits for signals, for so long at most. Empty when none came.
    func wait(milliseconds: Int64) -> [Int32] {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, Int32(clamping: milliseconds))
        return arrived()
    }

    /// Lets a signal do what it does by default, to this process, now.
    static func release(_ number: Int32) {
        signal(number, SIG_DFL)
        raise(number)
    }

    /// Takes a signal into the pipe (again).
    static func watch(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            // A full pipe holds enough signals already.
            write(SignalPipe.writeEnd, &byte, 1)
            errno = saved
        }
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }
}
