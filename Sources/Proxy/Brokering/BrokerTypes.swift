import Failures
import NIOCore
import Wire

/// What the broker hands around without looking inside: the ends that scrapes, polls and pushes come from. Tests use numbers.
protocol BrokerPorts {
    associatedtype Scraper: Sendable
    associatedtype Poll: Sendable
    associatedtype Push: Sendable
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

/// A delivery: something that can take a scrape to a client. Version 1 knows one kind, a parked poll, good for one scrape.
struct DeliveryID: Hashable, Sendable {
    let slot: Int
    /// Never used twice: what an earlier delivery of the same client still says is told apart by it.
    let generation: UInt64
}

/// Tells registrations apart, over all FQDNs and times.
struct ClientID: Hashable, Sendable {
    let serial: UInt64
}

/// A poll as it arrives.
struct PollArrival<Poll: Sendable>: Sendable {
    let fqdn: FQDN
    let port: Poll
    /// Sent by our own client; upstream's has none.
    var instance: InstanceID?
    var agent: String?
    var address: String?
}

/// Why a poll is answered without a scrape.
enum PollEnd: Equatable, Sendable {
    /// A newer poll of the same client took its place.
    case superseded
    /// A poll of another process with the same FQDN took its place.
    case clash
    /// Nothing came within the longest wait (our own client only).
    case idle
    case shuttingDown
    /// `--registration.max-clients` is reached and this FQDN is not among them.
    case tooManyClients
}

/// Which bound a scrape ran into.
enum QueueBound: String, CaseIterable, Sendable {
    case client, total
}

/// What the broker wants done. Nothing in it is done by the broker itself.
enum BrokerAction<Ports: BrokerPorts>: Sendable {
    /// Hand the scrape to the client whose poll this is.
    case deliver(Delivered<Ports>)
    /// Answer a poll without a scrape.
    case endPoll(Ports.Poll, PollEnd)
    /// The scrape is over: answer it with the failure, or abort its connection if part of a response has gone out.
    case fail(Ports.Scraper, FailureKind, detail: String)
    /// Nobody wants what this push still brings.
    case abandonPush(Ports.Push)
    /// Record a fact.
    case note(BrokerFact<Ports>)
}

/// A scrape on its way to a client.
struct Delivered<Ports: BrokerPorts>: Sendable {
    let scrape: ScrapeID
    let scraper: Ports.Scraper
    let delivery: DeliveryID
    let poll: Ports.Poll
    /// The client's own spelling of its name.
    let client: FQDN
    /// How long the scrape waited for a poll.
    let waited: TimeAmount
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
    case pollSuperseded
    case pollIdle
    /// A poll whose peer disconnected.
    case pollDropped
    /// A scrape that could not be written to its poll, and is queued again.
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

/// What a push is told about the scrape it names.
enum PushReception<Ports: BrokerPorts>: Sendable {
    /// The scraper waits: relay to it.
    case relay(Ports.Scraper)
    /// Nobody waits for it: never asked for, answered already, or given up.
    case unknown
}

/// Numbers for gauges and the per-second history.
struct BrokerGauges: Equatable, Sendable {
    var liveClients = 0
    var connectedClients = 0
    var waitingPolls = 0
    var queued = 0
    var inFlight = 0
}
