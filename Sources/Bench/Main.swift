import ArgumentParser
import Flags

/// Where the program begins.
@main
enum Main {
    static func main() async {
        Children.shared.endWithThisProgram()
        await BenchCommand.main()
    }
}

/// The command with all its subcommands.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pushprox-bench",
        abstract: "Measures PushProx proxies and clients: simulated fleets, scrapes, comparisons, soaks.",
        discussion: """
            All of it speaks HTTP/1.1 over real sockets, plain or with TLS: version 1 of the protocol, or tunnels. Start with \
            `compare`, which starts the proxies itself; `fleet` and `scrape` are its two halves, for a proxy \
            that runs already.

            EXAMPLES
              Two proxies against each other, every workload, 5 pairs of runs:
                UP='./upstream-proxy --web.listen-address=127.0.0.1:{port}'
                OURS='./pushprox-proxy --web.listen-address=127.0.0.1:{port}'
                pushprox-bench compare --proxy "upstream=$UP" --proxy "ours=$OURS"

              How many scrapes does the proxy on this machine carry? In two terminals:
                pushprox-bench fleet  --url http://127.0.0.1:8080
                pushprox-bench scrape --url http://127.0.0.1:8080 --in-flight 64
            """,
        version: Version.line(program: "pushprox-bench"),
        subcommands: [
            FleetCommand.self, ScrapeCommand.self, CompareCommand.self, SoakCommand.self, ClientSoakCommand.self,
            FloodCommand.self,
        ])
}
