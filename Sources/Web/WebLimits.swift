import Flags

/// What one listener grants its peers. The defaults are those of the flags (`WebOptions`).
public struct WebLimits: Sendable {
    public var maxConnections = 50_000
    /// The largest request head, in bytes; also the largest head of a pushed response.
    public var maxHeaderBytes = 65_536
    /// How long a peer may take over a request's head, and over what else must come before anybody waits for it.
    public var readHeaderTimeout = GoDuration.seconds(10)
    /// How long a connection may stay open between requests. One whose request waits for its answer is not idle.
    public var idleTimeout = GoDuration.seconds(120)
    /// How long an answer may wait for its peer to read on.
    public var writeTimeout = GoDuration.seconds(30)
    /// The most bytes of answers that wait for their peers, over all connections; beyond it, large answers are refused with 503.
    public var maxPendingBytes = 268_435_456
    /// Connections from one IPv4 address or one IPv6 network of 64 bits; 0 for no limit.
    public var maxConnectionsPerAddress = 0

    public static let standard = WebLimits()

    /// The most of a request's body that is read and thrown away so that a connection can go on after an early answer; bytes.
    static let maxDiscardedBytes = 1 << 20
    /// The most of pipelined requests that is held while one is served; bytes. Beyond it the socket is not read.
    static let maxPipelinedBytes = 65_536
    /// What one read brings at most, and so what a scrape holds beyond `PushFlow.highWater`; bytes. Scrapes of 1 MB cost 11 % more CPU
    /// with half of it, and nothing less with twice as much.
    static let maxReadBytes = 131_072
    /// The largest body that is copied behind its head, so that both are one write; bytes. Larger ones count as pending while they
    /// wait for their peer.
    static let maxCopiedBody = 4_096

    /// How many connections can be served with so many descriptors, so that further ones are refused with a word before descriptors
    /// run out without one. At least 1.
    ///
    /// - Parameter threads: Event loops, each of which needs descriptors of its own.
    public static func connections(withinDescriptors limit: Int, threads: Int) -> Int {
        // Standard streams, listener, the record's files, signals; selector, wake-up and timer of each loop, and a connection that
        // is being refused there.
        max(limit - 24 - 4 * threads, 1)
    }
}
