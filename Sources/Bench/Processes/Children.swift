import Glibc
import Synchronization

/// The programs that run on this one's behalf, so that an interrupt leaves none behind.
final class Children: Sendable {
    static let shared = Children()
    private let pids = Mutex<Set<pid_t>>([])

    func started(_ pid: pid_t) { pids.withLock { _ = $0.insert(pid) } }
    func ended(_ pid: pid_t) { pids.withLock { _ = $0.remove(pid) } }

    /// From here on SIGINT and SIGTERM kill what was started, then end this program. Call before any other thread exists.
    func endWithThisProgram() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { _ in
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGINT)
                sigaddset(&signals, SIGTERM)
                var signal: Int32 = 0
                sigwait(&signals, &signal)
                Children.shared.killAll()
                _exit(128 + signal)
            }, nil)
        if code == 0 { pthread_detach(thread) }
    }

    private func killAll() { pids.withLock { for pid in $0 { kill(pid, SIGKILL) } } }
}
