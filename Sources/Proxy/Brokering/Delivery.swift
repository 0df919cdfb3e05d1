import DequeModule

/// What the broker knows of a delivery while it serves a name.
struct Delivery<Port: Sendable>: Sendable {
    let generation: UInt64
    /// `nil` at a place that is nobody's.
    let port: Port?
    let isSpentByOne: Bool
    /// It is ended when nothing came for so long.
    let endsIdle: Bool
    /// How many more scrapes it can take now.
    var room: Int
    /// How many of its slots it still serves.
    private(set) var served = 0
    /// The slots of its names. One that has another delivery by now is none of its any more: `ClientSlot.delivery` says so. The first
    /// stands by itself, so that a poll, which has no other, allocates nothing.
    private(set) var first = -1
    private(set) var others: [Int] = []
    /// The slots that something waits for while there is no room, in the order of their turns; kept where there are several names.
    /// May hold slots that it serves no longer.
    var turns = Deque<Int>()

    init(generation: UInt64, port: Port, capacity: DeliveryCapacity, endsIdle: Bool) {
        self.generation = generation
        self.port = port
        self.endsIdle = endsIdle
        switch capacity {
        case .one: (isSpentByOne, room) = (true, 1)
        case .atOnce(let count): (isSpentByOne, room) = (false, count)
        }
    }

    /// A place that is nobody's.
    static var nobody: Delivery { Delivery() }

    private init() {
        (generation, port, isSpentByOne, endsIdle, room) = (0, nil, false, false, 0)
    }

    var hasSeveralNames: Bool { !others.isEmpty }

    mutating func serve(_ slot: Int) {
        served += 1
        if first < 0 { first = slot } else { others.append(slot) }
    }

    mutating func leave() { served -= 1 }
}
