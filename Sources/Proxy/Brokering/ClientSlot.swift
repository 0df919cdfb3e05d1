import Clients
import DequeModule
import NIOCore
import Wire

/// What the broker knows of one FQDN: a client that registered, or a name that scrapes wait for.
///
/// Registered means a delivery came, and the registration has not run out since. A slot that is neither registered nor waited for is
/// given back.
struct ClientSlot<Holder: Sendable & Equatable>: Sendable {
    let id: ClientID
    /// Spelled as the client does, once it has said so.
    var fqdn: FQDN
    var isRegistered = false
    /// The delivery that serves it, by its place in the broker's table.
    var delivery: Int?
    /// It stands in `turns` of that delivery.
    var hasTurn = false
    /// Waiting scrapes, first come first served. May hold ids of scrapes that have ended: `queuedCount` counts the others.
    var queue = Deque<ScrapeID>()
    var queuedCount = 0
    /// Of these, the CONNECTs.
    var queuedConnections = 0
    /// Scrapes that the client has taken.
    var inFlight = 0
    /// CONNECTs that the client has taken, open ones included.
    var connections = 0
    var lastSeen: NIODeadline
    var expires: NIODeadline
    var instance: InstanceID?
    var agent: String?
    var address: String?
    /// What the newest delivery is, or was.
    var transport: Transport?
    /// As it was last noted.
    var roundTrip: TimeAmount?
    /// What the newest delivery said that the client is and offers.
    var declaration = Declaration.none
    /// As the listing last had it.
    var isListedConnected = false
    /// Whose the newest delivery is, or was.
    var holder: Holder?
    /// The deadline that is set for the end of the registration, so that it is set once.
    var registrationEnd: NIODeadline?
    var clashes = KnownClashes()

    init(id: ClientID, fqdn: FQDN, now: NIODeadline) {
        self.id = id
        self.fqdn = fqdn
        self.lastSeen = now
        self.expires = now
    }

    var isConnected: Bool { isRegistered && (delivery != nil || inFlight > 0 || connections > 0) }
    var isUnused: Bool { !isRegistered && queuedCount == 0 && inFlight == 0 && connections == 0 }

    /// Whether a deadline set for the end of a registration still holds.
    func awaitsEnd(_ deadline: NIODeadline) -> Bool {
        isRegistered && !isConnected && expires == deadline
    }

    var state: ClientSnapshot {
        ClientSnapshot(
            id: id, fqdn: fqdn, isRegistered: isRegistered, isConnected: isConnected, queued: queuedCount,
            inFlight: inFlight, connections: connections, lastSeen: lastSeen, expires: expires, instance: instance,
            agent: agent, address: address, transport: transport, roundTrip: roundTrip, declaration: declaration)
    }
}
