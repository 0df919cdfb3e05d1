import ArgumentParser
import Flags

/// The flags of a listener, under the names that Prometheus's own programs use.
public struct WebOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("web.listen-address"),
        help: ArgumentHelp(
            "Address to listen on for scrapes, polls and pushes, or unix:/path; may be given several times. "
                + "(default: \(WebOptions.standardAddress))", valueName: "host:port"),
        transform: FlagValue.listenAddress)
    var listenAddress: [ListenAddress] = []

    @Option(
        name: .customLong("web.client-listen-address"),
        help: ArgumentHelp(
            "Address to listen on for clients alone, through which nothing can be scraped: the one to show to the Internet; "
                + "may be given several times.", valueName: "host:port"),
        transform: FlagValue.listenAddress)
    public var clientListenAddresses: [ListenAddress] = []

    @Option(
        name: .customLong("web.config.file"),
        help: ArgumentHelp(
            "Web configuration file (TLS, users, response headers, rate limit) in the format of Prometheus's exporter-toolkit; "
                + "read again when it or a file that it names changes, and on SIGHUP.", valueName: "file"))
    public var configurationFile: String?

    @Option(
        name: .customLong("web.client-config.file"),
        help: ArgumentHelp(
            "The same for --web.client-listen-address. (default: that of --web.config.file)", valueName: "file"))
    public var clientConfigurationFile: String?

    @Option(
        name: .customLong("web.max-handshakes"),
        help: ArgumentHelp(
            "TLS handshakes under way at once, over all addresses; further ones wait, within --web.read-header-timeout. "
                + "(default: \(Handshakes.defaultPerCore) for each core)", valueName: "count"),
        transform: FlagValue.count(in: 1...1_000_000))
    public var maxHandshakes: Int?

    @Option(
        name: .customLong("web.max-connections"),
        help: ArgumentHelp(
            "Connections served at once; for a further one the longest idle one is closed, and where none is idle it is "
                + "answered 503. Fewer where the limit of open files allows no more. (default: \(WebLimits.standard.maxConnections))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...10_000_000))
    public var maxConnections = WebLimits.standard.maxConnections

    @Option(
        name: .customLong("web.max-header-bytes"),
        help: ArgumentHelp(
            "Largest request head, and largest head of a pushed response, in bytes. (default: \(WebLimits.standard.maxHeaderBytes))",
            valueName: "bytes"),
        transform: FlagValue.count(in: 1024...16_777_216))
    public var maxHeaderBytes = WebLimits.standard.maxHeaderBytes

    @Option(
        name: .customLong("web.read-header-timeout"),
        help: ArgumentHelp(
            "Time a peer may take to send a request's head; slower ones are closed with 408. "
                + "(default: \(WebLimits.standard.readHeaderTimeout))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    public var readHeaderTimeout = WebLimits.standard.readHeaderTimeout

    @Option(
        name: .customLong("web.idle-timeout"),
        help: ArgumentHelp(
            "How long a connection may stay open between requests; a poll that waits is a request. When "
                + "--web.max-connections is reached, the longest idle one is closed sooner. (default: \(WebLimits.standard.idleTimeout))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    public var idleTimeout = WebLimits.standard.idleTimeout

    @Option(
        name: .customLong("web.write-timeout"),
        help: ArgumentHelp(
            "How long a peer may read nothing of what waits for it; then its connection is reset. "
                + "(default: \(WebLimits.standard.writeTimeout))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    public var writeTimeout = WebLimits.standard.writeTimeout

    @Option(
        name: .customLong("web.max-pending-bytes"),
        help: ArgumentHelp(
            "Bytes of answers that may wait for slow readers, over all connections; beyond it, /clients and /metrics are "
                + "answered 503. (default: \(WebLimits.standard.maxPendingBytes))", valueName: "bytes"),
        transform: FlagValue.count(in: 65_536...1_099_511_627_776))
    public var maxPendingBytes = WebLimits.standard.maxPendingBytes

    @Option(
        name: .customLong("web.max-connections-per-address"),
        help: ArgumentHelp(
            "Connections from one IPv4 address, or one IPv6 network of 64 bits; further ones are answered 503. Clients behind one "
                + "NAT share theirs. 0 is no limit. (default: \(WebLimits.standard.maxConnectionsPerAddress))",
            valueName: "count"),
        transform: FlagValue.count(in: 0...10_000_000))
    public var maxConnectionsPerAddress = WebLimits.standard.maxConnectionsPerAddress

    static let standardAddress = ListenAddress(host: "", port: 8080)

    public init() {}

    public var listenAddresses: [ListenAddress] { listenAddress.isEmpty ? [Self.standardAddress] : listenAddress }

    public var limits: WebLimits {
        WebLimits(
            maxConnections: maxConnections, maxHeaderBytes: maxHeaderBytes, readHeaderTimeout: readHeaderTimeout,
            idleTimeout: idleTimeout, writeTimeout: writeTimeout, maxPendingBytes: maxPendingBytes,
            maxConnectionsPerAddress: maxConnectionsPerAddress)
    }
}
