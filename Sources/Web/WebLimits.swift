import ArgumentParser
import Flags

/// What one listener grants its peers.
public struct WebLimits: Sendable {
    public var maxConnections: Int
    /// The largest request head, in bytes; also the largest head of a pushed response.
    public var maxHeaderBytes: Int
    /// How long a peer may take over a request's head, and over what else must come before anybody waits for it.
    public var readHeaderTimeout: GoDuration

    public init(
        maxConnections: Int = 50_000, maxHeaderBytes: Int = 65_536, readHeaderTimeout: GoDuration = .seconds(10)
    ) {
        self.maxConnections = maxConnections
        self.maxHeaderBytes = maxHeaderBytes
        self.readHeaderTimeout = readHeaderTimeout
    }

    /// The most of a request's body that is read and thrown away so that a connection can go on after an early answer; bytes.
    static let maxDiscardedBytes = 1 << 20
    /// The most of pipelined requests that is held while one is served; bytes. Beyond it the socket is not read.
    static let maxPipelinedBytes = 65_536
}
