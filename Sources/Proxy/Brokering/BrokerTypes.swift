import Clients
import Failures
import NIOCore
import Wire

/// What the broker hands around without looking inside: where scrapes come from, what takes them to clients, and where responses come
/// from. Tests use numbers.
protocol BrokerPorts {
    associatedtype Scraper: Sendable
    associatedtype Delivery: Sendable
    associatedtype Source: Sendable
    /// The client's end of a connection that is open.
    associatedtype Connection: Sendable
    /// Who holds a delivery or a scrape: what access was given to.
    associatedtype Holder: Sendable & Equatable

    /// Whether somebody may answer scrapes of a name that somebody was handed. `nil` is who nobody asked.
    static func mayAnswer(_ pusher: Holder?, for name: FQDN, handedTo holder: Holder?) -> Bool
}

/// Bounds and times that the broker keeps. The defaults are those of the flags (`ProxyCommand`).
struct BrokerLimits: Sendable {
    var maxQueuedPerClient = 100
    var maxQueued = 10_000
    var maxClients = 100_000
    /// CONNECTs at once, waiting ones included.
    var maxConnectionsPerClient = 100
    var maxConnections = 10_000
    /// How long `/clients` lists a client that is not connected.
    var registrationTimeout = TimeAmount.minutes(5)
    /// After how long an idle poll of our own client is ended.
    var pollMaxWait = TimeAmount.seconds(45)
    /// How many clients or scrapes are looked at in one go by what concerns all of them.
    var batch = 512
    /// How many clients a page of the listing has at most.
    var slotsPerPage = 256
    /// For how long the listing has a client as connected after it was last seen: a poll that is spent is followed by the next.
    var listingGrace = TimeAmount.milliseconds(ListedState.graceMilliseconds)

    static let standard = BrokerLimits()
}

/// Tells registrations apart, over all FQDNs and times.
struct ClientID: Hashable, Sendable {
    let serial: UInt64
}

/// What a scraper asks for, as far as it matters to who is handed it.
enum ScrapeKind: Sendable {
    /// A request that does no harm when it is made twice: GET and HEAD (RFC 9110, section 9.2.2).
    case repeatable
    /// Any other request.
    case once
    /// CONNECT: a connection that bytes pass through both ways. Only tunnels take it. It may be asked for again until it is open.
    case connection
}

/// Which bound a scrape ran into.
enum QueueBound: String, CaseIterable, Sendable {
    case client, total
}

/// What the broker wants done. Nothing in it is done by the broker itself.
enum BrokerAction<Ports: BrokerPorts>: Sendable {
    /// Hand the scrape to the client whose delivery this is.
    case deliver(Delivered<Ports>)
    /// Nothing more comes to this delivery: a poll is answered without a scrape.
    case endDelivery(Ports.Delivery, DeliveryEnd)
    /// The scrape is over: answer it with the failure, or abort its connection if part of a response has gone out.
    case fail(Ports.Scraper, FailureKind, detail: String)
    /// Nobody wants what this source still brings.
    case abandon(Ports.Source)
    /// A scrape that this delivery was handed, and had not begun to answer, has ended. Tunnels alone hear of it: a poll is spent.
    case withdraw(Ports.Delivery, ScrapeID)
    /// The connection is over, whatever is still on its way.
    case abort(Ports.Connection)
    /// The proxy shuts down: a CONNECT that is under way is to end when nothing passes any more.
    case windUp(Ports.Scraper)
    /// Record a fact.
    case note(BrokerFact<Ports>)
}

/// What happened, for the record, the log and the metrics.
enum BrokerFact<Ports: BrokerPorts>: Sendable {
    case registered(FQDN, isBack: Bool)
    case gone(FQDN)
    /// Two live clients claim one FQDN; news the first time that these two do (`KnownClashes`).
    case clash(ClientID, FQDN, isNews: Bool)
    /// A client's state; the newest one counts.
    case client(ClientSnapshot)
    case ended(ScrapeEnd<Ports>)
    case queueFull(QueueBound)
    /// Newer ones took its place for all its names.
    case deliverySuperseded(Transport)
    case deliveryIdle
    /// A delivery whose peer disconnected.
    case deliveryDropped(Transport)
    /// A scrape that its delivery did not bring to the client, or lost before there was an answer, and is queued again.
    case redelivered
    case registrationRefused
    case connectionOpened(ClientID?, FQDN)
    /// A connection that nothing passed through for too long; its end follows.
    case connectionIdle
    case connectionEnded(ConnectionEnd<Ports>)
}

/// What the record keeps of a client, or of a name that scrapes wait for, as it is now.
struct ClientSnapshot: Sendable {
    let id: ClientID
    let fqdn: FQDN
    /// A client has the name. If not, what is said of a client below says nothing.
    let isRegistered: Bool
    let isConnected: Bool
    let queued: Int
    let inFlight: Int
    /// CONNECTs that the client has taken and that have not ended.
    let connections: Int
    let lastSeen: NIODeadline
    let expires: NIODeadline
    let instance: InstanceID?
    let agent: String?
    let address: String?
    /// How its newest delivery takes scrapes to it, or did; `nil` for one that was restored from the record and has not come yet.
    let transport: Transport?
    /// What its tunnel's last ping took, when that was last noted; `nil` while there was none.
    let roundTrip: TimeAmount?
    let declaration: Declaration
}

/// The end of a scrape.
struct ScrapeEnd<Ports: BrokerPorts>: Sendable {
    let scrape: ScrapeID
    let scraper: Ports.Scraper
    /// `nil` for a name that no client has registered.
    let client: ClientID?
    /// `nil` for a response of 2xx or 3xx that went out in full.
    let failure: FailureKind?
    let detail: String
    /// From the scrape's arrival.
    let duration: TimeAmount
    /// From its delivery to a client; `nil` when it was never delivered.
    let atClient: TimeAmount?
    /// What took it there; `nil` when it was never delivered.
    let transport: Transport?
    /// What the scraper was sent; `nil` when it was gone before.
    let status: Int?
    /// Of the body; `nil` for a response that time or the shutdown ended: the scraper knows.
    let bytes: Int?
}

/// The end of a CONNECT, opened or not. Of its bytes the scraper's port knows.
struct ConnectionEnd<Ports: BrokerPorts>: Sendable {
    let connection: ScrapeID
    let scraper: Ports.Scraper
    /// `nil` for a name that no client has registered.
    let client: ClientID?
    /// `nil` for one that was open, and that both ends were done with, or did not use any more.
    let failure: FailureKind?
    let detail: String
    /// From the CONNECT's arrival.
    let duration: TimeAmount
    /// For how long it was open; `nil` when it never was.
    let open: TimeAmount?
    /// The answer that the scraper was sent; `nil` when it was gone before.
    let status: Int?
}

/// What a scraper had been sent of a response when it broke off.
struct SentPart: Sendable {
    let status: Int
    /// Of the body.
    var bytes: Int
}

/// What the client's end of a connection is told when it is open.
enum ConnectReception<Ports: BrokerPorts>: Sendable {
    /// The scraper waits for it.
    case open(Ports.Scraper)
    /// Nobody does.
    case unknown
}

/// What a source is told about the scrape that it names.
enum Reception<Ports: BrokerPorts>: Sendable {
    /// The scraper waits: relay to it.
    case relay(Ports.Scraper)
    /// Nobody waits for it: never asked for, answered already, or given up.
    case unknown
    /// It was handed to somebody else. To the source that is the same.
    case ofAnother(FQDN)
}

/// Numbers for gauges and the per-second history.
struct BrokerGauges: Equatable, Sendable {
    var liveClients = 0
    var connectedClients = 0
    var waitingPolls = 0
    /// Tunnels that serve a name.
    var tunnels = 0
    /// Scrapes and connections that tunnels have taken and that have not ended.
    var streams = 0
    /// Scrapes and CONNECTs that wait for a client.
    var queued = 0
    /// Of these, the CONNECTs.
    var queuedConnections = 0
    /// Scrapes that a client has taken.
    var inFlight = 0
    /// CONNECTs that a client has taken, open ones included.
    var connections = 0
}
