import ArgumentParser
import Flags

/// The program: its commands, and what it says of itself.
struct PushproxAdmin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pushprox-admin",
        abstract: "Watch a PushProx proxy: its clients, its queue and its failures.",
        usage: """
            pushprox-admin [--storage.path <file>] [--interval <duration>] [--ascii]
            pushprox-admin <subcommand> [<options>]
            """,
        discussion: """
            Without a subcommand it opens the screen; when standard output is no terminal, it prints the clients once.

            It reads the database that pushprox-proxy writes (--storage.path, the same default as the proxy's), never writes \
            to it, and may run on a proxy that is up, down, or being reinstalled.

            EXAMPLES
              pushprox-admin --storage.path /var/lib/pushprox/pushprox.db
              pushprox-admin clients --state stale --state gone
              pushprox-admin clients --sort failure_share --limit 10
              pushprox-admin failures --since 15m --kind no_push --format json
              pushprox-admin status || systemctl restart pushprox-proxy
              pushprox-admin sd --output /etc/prometheus/pushprox.json --port 9100 --watch

            ENVIRONMENT
              NO_COLOR   any value turns colour off (https://no-color.org)
              TERM       the terminal's type
              LC_ALL, LC_CTYPE, LANG
                         without UTF-8, drawings are made of ASCII

            COMPLETIONS
              pushprox-admin --generate-completion-script bash > pushprox-admin.bash
              (also zsh and fish; where your shell looks for them, its manual says)

            EXIT STATUS
              0   all is well
              1   it cannot be done; a sentence on standard error says why
              64  wrong usage
            """,
        version: Version.line(program: "pushprox-admin"),
        subcommands: [
            ScreenCommand.self, ClientsCommand.self, FailuresCommand.self, StatusCommand.self, DiscoveryCommand.self,
            NewTokenCommand.self, HashPasswordCommand.self, ManualCommand.self,
        ],
        defaultSubcommand: ScreenCommand.self)
}
