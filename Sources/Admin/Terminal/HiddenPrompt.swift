import Glibc

/// Asks for lines on the terminal at standard input, which shows nothing of them.
final class HiddenPrompt {
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]

    private var shown = termios()
    private let arrivals: SignalPipe

    /// `nil` when standard input is no terminal.
    init?() {
        guard tcgetattr(STDIN_FILENO, &shown) == 0, let arrivals = SignalPipe(Self.signals) else { return nil }
        self.arrivals = arrivals
    }

    /// The next line, with its end; empty at the end of input. Signals do what they do anyway, but not before the terminal shows again what is
    /// typed; after a stop, the question is asked again.
    func line(_ question: String) -> [UInt8] {
        hide(question)
        defer { show() }
        while true {
            var polled = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: arrivals.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 || errno == EINTR else { return [] }
            for signal in polled[1].revents == 0 ? [] : arrivals.arrived() {
                show()
                SignalPipe.release(signal)
                // Still here, so it was a stop that is over.
                SignalPipe.watch(signal)
                hide(question)
            }
            guard polled[0].revents != 0 else { continue }
            // A terminal gives a line at a time.
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            return Array(bytes.prefix(max(0, count)))
        }
    }

    private func hide(_ question: String) {
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO | ECHOE | ECHOK | ECHONL)
        // What was typed before the question is no answer to it.
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        _ = Output.write(question, to: STDERR_FILENO)
    }

    private func show() {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &shown)
        _ = Output.write("\n", to: STDERR_FILENO)
    }
}
