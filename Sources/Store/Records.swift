import Clients
import Failures

/// Unix time in milliseconds, UTC: how the record stores every instant.
public typealias UnixMilliseconds = Int64

/// How one scrape ended, as it enters a client's history.
public struct Outcome: Sendable, Equatable {
    /// When it ended.
    public var time: UnixMilliseconds
    /// From the scrape's arrival at the proxy to its end, in microseconds.
    public var duration: Int64
    /// The status the scraper was sent; `nil` when none went out.
    public var status: Int?
    /// Body bytes relayed to the scraper.
    public var bytes: Int64
    /// `nil` for a scrape that was answered in full with a status of 2xx or 3xx.
    public var failure: FailureKind?

    public init(time: UnixMilliseconds, duration: Int64, status: Int?, bytes: Int64, failure: FailureKind?) {
        self.time = time
        self.duration = duration
        self.status = status
        self.bytes = bytes
        self.failure = failure
    }

    /// One ASCII character: "." for a success, else the failure's.
    public var symbol: Character { failure?.symbol ?? "." }
}

/// What changed about one name since the last flush: of a client, or one that scrapes ask for in vain. Counters are increments; everything else is the newest value.
public struct ClientChange: Sendable, Equatable {
    /// Lower-case host name: the key in the record.
    public var fqdn: String
    /// As the client spells it; says nothing unless `polled`.
    public var name: String
    /// A client has registered under the name. If not, all that is known is that scrapes asked for it: of the client that the
    /// record may know by this name nothing is said, and nothing there changes but what scrapes count.
    public var polled = true
    /// When this registration was first seen by this process; the record keeps the earliest.
    public var firstSeen: UnixMilliseconds
    /// Of a name that no client has polled under: when a scrape last asked for it.
    public var lastSeen: UnixMilliseconds
    /// When the client leaves `/clients` if it stays away: last seen plus the registration timeout, shifted by the proxy's own downtime.
    public var expires: UnixMilliseconds
    /// An open poll or a scrape in flight.
    public var connected: Bool
    public var queued: Int
    public var inFlight: Int
    /// CONNECTs that the client has taken and that have not ended.
    public var connections: Int
    /// How its newest delivery takes scrapes to it, or did; `nil` when this process has seen none: then what the record has of it, and of
    /// `instance`, `agent` and `address`, stands.
    public var transport: Transport?
    /// What the last ping of its tunnel took, in microseconds; `nil` where it has none, or has not been pinged.
    public var roundTrip: Int64?
    /// The instance id that our own client sends; `nil` for upstream's.
    public var instance: String?
    /// The `User-Agent` of the newest poll, at most 200 bytes.
    public var agent: String?
    /// The address of the newest poll's peer, without its port.
    public var address: String?
    /// What the client says about the name; that of the newest delivery, or, when this process has seen none, what the record has.
    public var declaration: Declaration
    /// When a second live client last claimed this FQDN; `nil` for no news.
    public var conflict: UnixMilliseconds?
    /// Scrapes that ended since the last flush, oldest first; at most `Ring.outcomes` of them: when more ended, the oldest
    /// have been dropped here but are counted below.
    public var outcomes: [Outcome]
    /// Increment: every ended attempt, failed ones too.
    public var scrapes: Int
    /// Increments by kind; only kinds that occurred.
    public var failures: [FailureKind: Int]
    /// Increments: what was asked for by CONNECT.
    public var connectionCounts: ConnectionCounts
    /// Increments by kind: CONNECTs that failed, and connections that broke off; only kinds that occurred.
    public var connectionFailures: [FailureKind: Int]
    /// When a connection was last opened or ended, or failed to open; `nil` for no news.
    public var lastConnection: UnixMilliseconds?
    /// The text of the newest failure, of a scrape or a connection; `nil` for no news.
    public var lastFailure: FailureRecord?

    public init(fqdn: String, firstSeen: UnixMilliseconds) {
        self.fqdn = fqdn
        self.name = fqdn
        self.firstSeen = firstSeen
        self.lastSeen = firstSeen
        self.expires = firstSeen
        self.connected = false
        self.queued = 0
        self.inFlight = 0
        self.connections = 0
        self.declaration = .none
        self.outcomes = []
        self.scrapes = 0
        self.failures = [:]
        self.connectionCounts = ConnectionCounts()
        self.connectionFailures = [:]
    }
}

/// One failed scrape, or one connection that failed.
public struct FailureRecord: Sendable, Equatable {
    public var time: UnixMilliseconds
    /// Of a connection: a CONNECT that was not opened, or one that broke off.
    public var isConnection: Bool
    /// The host name the scrape asked for; a client of that name may never have existed. Empty where no name is known.
    public var fqdn: String
    public var kind: FailureKind
    /// What happened, one line, at most 500 bytes.
    public var text: String
    /// The scrape's id, as log and error answers give it.
    public var scrapeID: String
    /// The target asked for (`http://host:port/path`, query left out; of a connection `CONNECT host:port`), at most 300 bytes.
    public var target: String
    /// From the scrape's arrival to the failure, in microseconds.
    public var duration: Int64

    public init(
        time: UnixMilliseconds, fqdn: String, kind: FailureKind, text: String, scrapeID: String, target: String,
        duration: Int64, isConnection: Bool = false
    ) {
        self.time = time
        self.isConnection = isConnection
        self.fqdn = fqdn
        self.kind = kind
        self.text = text
        self.scrapeID = scrapeID
        self.target = target
        self.duration = duration
    }
}

/// One second of the proxy's life.
public struct SecondSample: Sendable, Equatable {
    /// Unix time in whole seconds.
    public var second: Int64
    /// Gauges at the end of the second.
    public var queued: Int
    public var inFlight: Int
    /// Clients that `/clients` lists.
    public var liveClients: Int
    /// Scrapes that ended in this second, failed ones included.
    public var scrapes: Int
    public var failures: Int

    public init(second: Int64, queued: Int, inFlight: Int, liveClients: Int, scrapes: Int, failures: Int) {
        self.second = second
        self.queued = queued
        self.inFlight = inFlight
        self.liveClients = liveClients
        self.scrapes = scrapes
        self.failures = failures
    }
}

/// What the record says about the proxy itself when it starts; the heartbeat and totals follow with every batch.
public struct ProxyIdentity: Sendable, Equatable {
    public var started: UnixMilliseconds
    public var version: String
    /// Where it listens, `host:port`; before it does (`StoreWriter.listens(at:now:)`), where it is to, with port 0 for one that the
    /// system chooses.
    public var address: String
    public var pid: Int
    /// `--registration.timeout`, in milliseconds.
    public var registrationTimeout: Int64
    /// `--discovery.labels`.
    public var discoveryLabels: DiscoveryLabels

    public init(
        started: UnixMilliseconds, version: String, address: String, pid: Int, registrationTimeout: Int64,
        discoveryLabels: DiscoveryLabels = .asGiven
    ) {
        self.started = started
        self.version = version
        self.address = address
        self.pid = pid
        self.registrationTimeout = registrationTimeout
        self.discoveryLabels = discoveryLabels
    }
}

/// Everything one flush writes, in one transaction.
public struct RecordBatch: Sendable {
    /// When the batch was taken; becomes the heartbeat.
    public var time: UnixMilliseconds
    public var clients: [ClientChange]
    /// Failures one by one, oldest first.
    public var failures: [FailureRecord]
    public var seconds: [SecondSample]
    /// Increments of the proxy's totals, scrapes of unknown names included.
    public var scrapes: Int
    public var failedScrapes: Int
    /// Increments of the proxy's totals, of connections.
    public var connectionCounts = ConnectionCounts()
    /// Over all names, now.
    public var queued = 0
    public var inFlight = 0
    public var connections = 0

    public init(time: UnixMilliseconds) {
        self.time = time
        self.clients = []
        self.failures = []
        self.seconds = []
        self.scrapes = 0
        self.failedScrapes = 0
    }
}

/// A client that `/clients` listed when the previous proxy went down, times already shifted by the downtime.
public struct RestoredClient: Sendable, Equatable {
    public var fqdn: String
    /// As the client spells it.
    public var name: String
    public var firstSeen: UnixMilliseconds
    public var lastSeen: UnixMilliseconds
    public var expires: UnixMilliseconds
    public var instance: String?
    /// As it last had it.
    public var agent: String?
    public var declaration: Declaration

    public init(
        fqdn: String, name: String, firstSeen: UnixMilliseconds, lastSeen: UnixMilliseconds,
        expires: UnixMilliseconds, instance: String?, agent: String? = nil, declaration: Declaration = .none
    ) {
        self.fqdn = fqdn
        self.name = name
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.expires = expires
        self.instance = instance
        self.agent = agent
        self.declaration = declaration
    }
}

/// Sizes of the bounded histories.
public enum Ring {
    /// Outcomes kept per client.
    public static let outcomes = 60
    /// Per-second samples kept: an hour.
    public static let seconds = 3600
    /// Failures kept one by one, over all names.
    public static let failures = 10_000
    /// Of these, failures of one name: none pushes out those of the others.
    public static let failuresPerName = 200
    /// Of these, failures of names that no client has polled under, together.
    public static let failuresOfUnknown = 1000
    /// Names kept that are scraped but that no client has polled under.
    public static let unknownNames = 1000
}
