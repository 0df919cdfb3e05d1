import ArgumentParser
import Flags

/// What one listener grants its peers.
public struct WebLimits: Sendable {
    public var maxConnections: Int
    /// The largest request head, in bytes; also the largest head of a pushed response.
    public var maxHeaderBytes: Int
    /// How long a peer may take over a request's head, and over what else must come before anybody waits for it.
    public var readHeaderTimeout: GoDuration
    /// How long a connection may stay open between requests. One whose request waits for its answer is not idle.
    public var idleTimeout: GoDuration
    /// How long an answer may wait for its peer to read on.
    public var writeTimeout: GoDuration
    /// The most bytes of answers that wait for their peers, over all connections; beyond it, large answers are refused with 503.
    public var maxPendingBytes: Int

    public init(
        maxConnections: Int = 50_000, maxHeaderBytes: Int = 65_536, readHeaderTimeout: GoDuration = .seconds(10),
        idleTimeout: GoDuration = .seconds(120), writeTimeout: GoDuration = .seconds(30),
        maxPendingBytes: Int = 268_435_456
    ) {
        self.maxConnections = maxConnections
        self.maxHeaderBytes = maxHeaderBytes
        self.readHeaderTimeout = readHeaderTimeout
        self.idleTimeout = idleTimeout
        self.writeTimeout = writeTimeout
        self.maxPendingBytes = maxPendingBytes
    }

    /// The most of a request's body that is read and thrown away so that a connection can go on after an early answer; bytes.
    static let maxDiscardedBytes = 1 << 20
    /// The most of pipelined requests that is held while one is served; bytes. Beyond it the socket is not read.
    static let maxPipelinedBytes = 65_536
    /// The largest body that is copied behind its head, so that both are one write; bytes. Larger ones count as pending while they
    /// wait for their peer.
    static let maxCopiedBody = 4_096
}
