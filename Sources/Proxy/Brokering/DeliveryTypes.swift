import Clients
import NIOCore
import Wire

/// Tells deliveries apart, over all times: what one that has left still says is known by its id, and ignored.
struct DeliveryID: Hashable, Sendable {
    /// Its place in the broker's table; -1 for one that was sent away at once.
    let index: Int
    /// Never used twice.
    let generation: UInt64

    /// None that there is.
    static let nobody = DeliveryID(index: -1, generation: 0)
}

/// How many scrapes a delivery takes.
enum DeliveryCapacity: Hashable, Sendable {
    /// One, which spends it: a poll.
    case one
    /// So many at a time; there is room again when one of them has ended: a tunnel.
    case atOnce(Int)

    var transport: Transport { self == .one ? .poll : .tunnel }
}

/// A delivery as it arrives: something that can take scrapes to a client.
struct DeliveryArrival<Ports: BrokerPorts>: Sendable {
    let fqdn: FQDN
    /// Further names that the client answers for.
    var others: [FQDN] = []
    /// What it says of its names; nothing of those that are left out.
    var declarations: [FQDN: Declaration] = [:]
    let port: Ports.Delivery
    /// Who brings it.
    var holder: Ports.Holder?
    var capacity = DeliveryCapacity.one
    /// Said by our own client; upstream's has none.
    var instance: InstanceID?
    var agent: String?
    var address: String?
}

/// What a delivery says of itself anew, in place of all that it said before: of a tunnel, whose client may come to have other names.
struct DeliveryChange<Holder: Sendable & Equatable>: Sendable {
    /// Those that it serves from now on; none when it may serve none of those that it named.
    let names: [FQDN]
    /// What it says of them; nothing of those that are left out.
    var declarations: [FQDN: Declaration] = [:]
    /// Who brings it.
    var holder: Holder?
    /// How many scrapes it takes at a time. What it has beyond that goes on.
    let capacity: Int
    var instance: InstanceID?
    var agent: String?
    var address: String?
}

/// Why a delivery gets no further scrape. What it has taken before goes on.
enum DeliveryEnd: Equatable, Sendable {
    /// Newer deliveries of the same client took its place, for all its names.
    case superseded
    /// A delivery of another process took its place, for the last of its names.
    case clash
    /// Nothing came within the longest wait (polls of our own client only).
    case idle
    case shuttingDown
    /// `--registration.max-clients` is reached and none of its names is among them.
    case tooManyClients
    /// Whoever holds it may no longer be a client of this name.
    case denied
}

/// A scrape on its way to a client.
struct Delivered<Ports: BrokerPorts>: Sendable {
    let scrape: ScrapeID
    let scraper: Ports.Scraper
    let delivery: DeliveryID
    let port: Ports.Delivery
    let kind: ScrapeKind
    /// The client's own spelling of its name.
    let client: FQDN
    /// How long the scrape waited for a delivery.
    let waited: TimeAmount
}
