import Glibc

/// The shell around the model: waits for keys, signals, answers and time, lets them happen, does what the model wants done,
/// and draws.
final class ScreenLoop {
    private var model: Model
    private let terminal: any Terminal
    private let reader: ReaderThread
    private let signals: SignalPipe
    private var isOver = false
    /// The signal that asked to end.
    private var endSignal: Int32?
    /// Times in a row that input was announced and none came.
    private var emptyReads = 0

    static let watchedSignals = [SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT]

    init(model: Model, terminal: any Terminal, reader: ReaderThread, signals: SignalPipe) {
        self.model = model
        self.terminal = terminal
        self.reader = reader
        self.signals = signals
    }

    /// Runs until the operator or a signal ends it.
    /// - Returns: The signal, for which the process should end as if it had not been caught.
    func run() -> Int32? {
        handle([.resized(terminal.size)])
        while !isOver {
            terminal.draw(render(model))
            waitAndHandle()
        }
        return endSignal
    }

    private func waitAndHandle() {
        var polls = [
            pollfd(fd: terminal.inputDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: reader.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&polls, nfds_t(polls.count), Int32(model.timeout))
        var events: [Event] = [.ticked(Clock.moment())]
        if ready > 0 {
            if polls[1].revents != 0 { events += signals.arrived().compactMap(event(of:)) }
            if polls[2].revents != 0, let answer = reader.answer() { events.append(.recordRead(answer)) }
            if polls[0].revents != 0 { events += input(polls[0].revents) }
        }
        handle(events)
    }

    private func input(_ found: Int16) -> [Event] {
        let events = terminal.pendingInput()
        // A terminal that is gone is readable for ever and gives nothing. A sequence that is not complete yet looks the same
        // for a moment, so only many such reads in a row mean the end.
        emptyReads = events.isEmpty ? emptyReads + 1 : 0
        if found & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 || emptyReads > 50 { return events + [.endRequested] }
        return events
    }

    private func event(of signal: Int32) -> Event? {
        switch signal {
        case SIGWINCH:
            terminal.adoptSize()
            return .resized(terminal.size)
        case SIGTSTP: return .stopRequested
        case SIGCONT:
            terminal.enter()
            return .continued
        case SIGINT: return .endRequested
        default:
            endSignal = signal
            return .endRequested
        }
    }

    private func handle(_ events: [Event]) {
        for event in events {
            for effect in model.update(event) {
                switch effect {
                case .read(let request): reader.ask(request)
                case .repaint: terminal.repaint()
                case .suspend: suspend()
                case .quit: isOver = true
                }
            }
        }
    }

    private func suspend() {
        terminal.leave()
        SignalPipe.release(SIGTSTP)
        // Continued: the window may have another size by now.
        SignalPipe.watch(SIGTSTP)
        terminal.enter()
        terminal.adoptSize()
        handle([.ticked(Clock.moment()), .resized(terminal.size), .continued])
    }
}
