import ArgumentParser
import Flags
import Glibc

/// The screen; what the program does when no subcommand is named.
struct ScreenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screen",
        abstract: "Watch clients and failures on the screen (the default).",
        discussion: """
            Press ? there for the keys. When standard output is not a terminal, the clients are printed once instead.

            EXAMPLES
              pushprox-admin
              pushprox-admin --storage.path /var/lib/pushprox/pushprox.db --interval 5s
            """)

    @OptionGroup var storage: StorageOptions

    @Option(
        name: .customLong("interval"),
        help: ArgumentHelp("How often to look at the database, from 250ms to 1m.", valueName: "duration"))
    var interval = GoDuration.seconds(2)

    @Flag(name: .customLong("ascii"), help: "Draw with ASCII only, whatever the locale says.")
    var ascii = false

    mutating func validate() throws {
        if interval < .milliseconds(250) || interval > .seconds(60) {
            throw ValidationError("--interval is \(interval): give a duration from 250ms to 1m.")
        }
    }

    func run() throws {
        guard isatty(STDOUT_FILENO) == 1 else {
            var clients = try ClientsCommand.parse([])
            clients.storage = storage
            return try clients.run()
        }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure.exit(
                "Standard input is not a terminal, so the screen would see no keys: run it without redirecting input, or use "
                    + "'pushprox-admin clients'.")
        }
        let endSignal = try runScreen()
        if let endSignal { SignalPipe.release(endSignal) }
    }

    /// Returns after the terminal has been given back.
    private func runScreen() throws -> Int32? {
        let unicode = NcursesTerminal.adoptLocale() && !ascii
        // Before the terminal: ncurses leaves a signal alone that somebody handles already. A SIGTSTP that it has taken itself it
        // ignores for as long as it draws, which over a slow link is long enough for a Ctrl-Z to be lost.
        guard let signals = SignalPipe(ScreenLoop.watchedSignals), let reader = ReaderThread.start(path: storage.path)
        else { throw CommandFailure.exit("The system has no descriptors or threads left for this program.") }
        let terminal: NcursesTerminal
        do throws(NcursesTerminal.Unavailable) {
            terminal = try NcursesTerminal(noColor: Environment.value(of: "NO_COLOR"))
        } catch {
            throw CommandFailure.exit(error.description)
        }
        let model = Model(
            path: storage.path, glyphs: unicode ? .unicode : .ascii, size: terminal.size, now: Clock.moment(),
            interval: RefreshInterval(milliseconds: interval.milliseconds))
        let endSignal = ScreenLoop(model: model, terminal: terminal, reader: reader, signals: signals).run()
        terminal.leave()
        return endSignal
    }
}
