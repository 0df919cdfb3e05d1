import Addresses
import ArgumentParser
import Flags
import NIOPosix

/// `pushprox-bench flood`.
struct FloodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flood",
        abstract: "Shakes hands with a TLS listener as often as it can, or begins to and stalls.",
        discussion: """
            For what goes on beside it: run `scrape` at the same time, and without it. Prints how many \
            handshakes were done, how many connections were closed before they were, and how many stalled.

            EXAMPLES
              64 peers that shake hands, leave, and come again:
                pushprox-bench flood --url https://127.0.0.1:8443 --peers 64 --duration 10s

              2,000 that say hello and nothing more, and come again when they are thrown out:
                pushprox-bench flood --url https://127.0.0.1:8443 --peers 2000 --stall --duration 30s
            """)

    @Option(help: "The listener, https://HOST:PORT; its certificate is not looked at.") var url: ProxyAddress
    @Option(help: "How many peers at once.") var peers = 64
    @Flag(help: "Say hello, and nothing more.") var stall = false
    @Option(help: "Come from this address, one of this machine's.") var from: String?
    @Option(help: "How long.") var duration = GoDuration.seconds(10)

    func validate() throws {
        guard url.isTLS else { throw ValidationError("--url must begin with https://.") }
        guard from.map({ IPAddress.bytes($0) != nil }) ?? true else {
            throw ValidationError("--from must be an IP address.")
        }
        guard (1...20_000).contains(peers) else { throw ValidationError("--peers must be 1 to 20000.") }
    }

    func run() async throws {
        DescriptorLimit.raise()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let flood = try await Flood.start(url, peers: peers, stalls: stall, from: from, on: group.next())
        try await Task.sleep(for: .nanoseconds(duration.nanoseconds))
        let counts = try await flood.counts()
        try await flood.stop()
        let seconds = Double(duration.nanoseconds) / 1e9
        print(
            "handshakes \(counts.done) (\(Fixed.short(Double(counts.done) / seconds))/s)  closed before \(counts.closed)  stalled \(counts.stalled)  failed connects \(counts.connectErrors)"
        )
        try await group.shutdownGracefully()
    }
}
