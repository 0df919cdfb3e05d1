import Clients
import DequeModule
import NIOCore

/// What the broker knows of a delivery: while it serves a name and, of a tunnel, while something that it has taken is under way.
struct Delivery<Port: Sendable>: Sendable {
    let generation: UInt64
    /// `nil` at a place that is nobody's.
    let port: Port?
    let transport: Transport
    /// It is ended when nothing came for so long.
    let endsIdle: Bool
    /// It can be handed something: it has not been ended, nor said that it takes no more.
    private(set) var isInService = true
    /// How many scrapes it takes at once. A poll is spent by one.
    var capacity: Int
    /// How many a tunnel has that have not ended.
    var taken = 0
    /// How many of its slots it still serves.
    private(set) var served = 0
    /// The slots of its names. One that has another delivery by now is none of its any more: `ClientSlot.delivery` says so. The first
    /// stands by itself, so that a poll, which has no other, allocates nothing.
    private(set) var first = -1
    private(set) var others: [Int] = []
    /// The slots that something waits for while there is no room, in the order of their turns; kept where there are several names.
    /// May hold slots that it serves no longer.
    var turns = Deque<Int>()
    /// What the last ping took that was noted.
    var roundTrip: TimeAmount?

    init(generation: UInt64, port: Port, capacity: DeliveryCapacity, endsIdle: Bool) {
        self.generation = generation
        self.port = port
        self.endsIdle = endsIdle
        transport = capacity.transport
        switch capacity {
        case .one: self.capacity = 1
        case .atOnce(let count): self.capacity = count
        }
    }

    /// A place that is nobody's.
    static var nobody: Delivery { Delivery() }

    private init() { (generation, port, transport, endsIdle, isInService, capacity) = (0, nil, .poll, false, false, 0) }

    var hasRoom: Bool { taken < capacity }
    var hasSeveralNames: Bool { !others.isEmpty }

    mutating func serve(_ slot: Int) {
        served += 1
        if first < 0 { first = slot } else { others.append(slot) }
    }

    mutating func leave() { served -= 1 }

    /// Serves none, until it is told anew.
    mutating func serveNone() { (served, first, others) = (0, -1, []) }

    mutating func retire() {
        isInService = false
        serveNone()
        turns = []
    }
}
