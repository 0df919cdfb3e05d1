import Clients

/// What the record says about the proxy itself.
public struct ProxyRecord: Sendable, Equatable {
    public var started: UnixMilliseconds
    /// When the proxy last wrote; it does so at least every few seconds while it runs.
    public var heartbeat: UnixMilliseconds
    /// When it stopped in good order; `nil` while it runs and after it was killed.
    public var stopped: UnixMilliseconds?
    public var version: String
    /// As listened on, `host:port`.
    public var address: String
    public var pid: Int
    /// Milliseconds.
    public var registrationTimeout: Int64
    /// Scrapes that ended, over all runs of the proxy.
    public var scrapes: Int64
    public var failures: Int64
    /// Over all names, at the heartbeat.
    public var queued: Int
    public var inFlight: Int
    public var connections = 0
    /// Over all runs of the proxy.
    public var connectionCounts = ConnectionCounts()
    /// What of the clients' labels the proxy lets into service discovery.
    public var discoveryLabels = DiscoveryLabels.asGiven
    /// Whether a proxy holds the lock beside the database right now; `nil` where that can't be told (the lock file is
    /// missing or unreadable, or the database is on another machine's disk).
    public var writerLives: Bool?

    public init(
        started: UnixMilliseconds, heartbeat: UnixMilliseconds, stopped: UnixMilliseconds?, version: String,
        address: String, pid: Int, registrationTimeout: Int64, scrapes: Int64, failures: Int64, queued: Int,
        inFlight: Int, writerLives: Bool?
    ) {
        self.started = started
        self.heartbeat = heartbeat
        self.stopped = stopped
        self.version = version
        self.address = address
        self.pid = pid
        self.registrationTimeout = registrationTimeout
        self.scrapes = scrapes
        self.failures = failures
        self.queued = queued
        self.inFlight = inFlight
        self.writerLives = writerLives
    }
}
