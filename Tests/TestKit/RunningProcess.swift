import Foundation
@preconcurrency import Glibc
import Synchronization

/// A child process, from its start until it has been waited for; its id is used only in between.
final class RunningProcess: Sendable {
    private struct State {
        var exit: Program.Exit?
        var waiters: [@Sendable (Program.Exit) -> Void] = []
    }

    private let pid: pid_t
    private let state = Mutex(State())

    init(pid: pid_t) {
        self.pid = pid
        Thread.detachNewThread { self.waitForEnd() }
    }

    func signal(_ signal: Int32) {
        // Under the lock, for once it has been waited for its id may belong to another.
        state.withLock { if $0.exit == nil { kill(pid, signal) } }
    }

    func whenExited(_ body: @escaping @Sendable (Program.Exit) -> Void) {
        let exit = state.withLock { state in
            if state.exit == nil { state.waiters.append(body) }
            return state.exit
        }
        if let exit { body(exit) }
    }

    private func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        let (waiters, exit) = state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            let exit: Program.Exit = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
            state.exit = exit
            defer { state.waiters = [] }
            return (state.waiters, exit)
        }
        for waiter in waiters { waiter(exit) }
    }
}
