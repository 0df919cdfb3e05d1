import Failures
import NIOCore
import Wire

/// What the broker hands around without looking inside: where scrapes come from, what takes them to clients, and where responses come
/// from. Tests use numbers.
protocol BrokerPorts {
    associatedtype Scraper: Sendable
    associatedtype Delivery: Sendable
    associatedtype Source: Sendable
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
    /// How long `/clients` lists a client that is not connected.
    var registrationTimeout = TimeAmount.minutes(5)
    /// After how long an idle poll of our own client is ended.
    var pollMaxWait = TimeAmount.seconds(45)
    /// How many clients or scrapes are looked at in one go by what concerns all of them.
    var batch = 512
    /// How many clients a page of the listing has at most.
    var slotsPerPage = 256

    static let standard = BrokerLimits()
}

/// Tells registrations apart, over all FQDNs and times.
struct ClientID: Hashable, Sendable {
    let serial: UInt64
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
    case deliverySuperseded
    case deliveryIdle
    /// A delivery whose peer disconnected.
    case deliveryDropped
    /// A scrape that its delivery did not bring to the client, and is queued again.
    case redelivered
    case registrationRefused
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
    let lastSeen: NIODeadline
    let expires: NIODeadline
    let instance: InstanceID?
    let agent: String?
    let address: String?
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
    /// What the scraper was sent; `nil` when it was gone before.
    let status: Int?
    /// Of the body; `nil` for a response that time or the shutdown ended: the scraper knows.
    let bytes: Int?
}

/// What a scraper had been sent of a response when it broke off.
struct SentPart: Sendable {
    let status: Int
    /// Of the body.
    var bytes: Int
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
    var queued = 0
    var inFlight = 0
}
