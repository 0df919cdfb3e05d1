import NIOCore

/// Who may shake hands, and for how long: at most so many at once, the others wait their turn, and each has only so much time.
///
/// A pure value: events in the past tense come in, with the time; actions go out. A connection is *greeting* until its ClientHello
/// is here, then *waiting* or, when there is a place, *shaking*. Whatever ends it is told by `left`, after which it is forgotten;
/// what comes late for it finds nothing.
///
/// | event | from | to |
/// | --- | --- | --- |
/// | `accepted` | – | greeting |
/// | `helloArrived` | greeting | shaking, or waiting when all places are taken |
/// | `left` | any | gone; whose turn it is takes the place, if there was one |
/// | `timePassed` | any | gone, when its time is over; shaking: sooner when others wait |
///
/// A peer that begins a handshake and falls silent could hold its place for all of its time, and a few of them all places. Where
/// others wait, a handshake is therefore given up after a quarter of it. And where many wait, addresses take turns: thousands that come from
/// one address hold up those of another by one place each time, and not by thousands. An address that holds more places than one that waits
/// gives some up sooner, after a thirty-second of the time, until it holds one more at most.
struct HandshakeGate {
    /// Never used twice.
    struct ID: Hashable, Sendable {
        let number: UInt64
    }

    /// Where peers come from; what is no address has the same.
    typealias Address = AddressTable.Key

    enum Action: Equatable {
        /// It has a place now.
        case begin(ID)
        /// Its time is over; it is forgotten already.
        case giveUp(ID)
    }

    private enum Stage {
        case greeting, waiting
        case shaking(since: NIODeadline)
    }

    private struct Entry {
        var stage: Stage
        let address: Address
        let deadline: NIODeadline
    }

    private let places: Int
    private let patience: TimeAmount
    private let haste: TimeAmount
    private let share: TimeAmount
    private var entries: [ID: Entry] = [:]
    private var next: UInt64 = 0
    /// In the order of their deadlines, which is that of their coming.
    private var all = Line()
    private var waiting = Turns()
    private var shaking = Line()
    /// How many places an address has.
    private var held: [Address: Int] = [:]
    private(set) var waitingCount = 0
    private(set) var shakingCount = 0

    /// - Parameters:
    ///   - places: At least 1.
    ///   - patience: From accepting a connection to the end of its handshake.
    init(places: Int, patience: TimeAmount) {
        self.places = places
        self.patience = patience
        haste = .nanoseconds(patience.nanoseconds / 4)
        share = .nanoseconds(patience.nanoseconds / 32)
    }

    /// All that are known.
    var count: Int { entries.count }

    mutating func accepted(from address: Address, at now: NIODeadline) -> ID {
        let id = ID(number: next)
        next += 1
        entries[id] = Entry(stage: .greeting, address: address, deadline: now + patience)
        all.append(id)
        return id
    }

    /// - Returns: Whether the handshake may begin at once; otherwise `begin` follows, or `giveUp`.
    mutating func helloArrived(_ id: ID, at now: NIODeadline) -> Bool {
        guard let entry = entries[id], case .greeting = entry.stage else { return false }
        guard shakingCount < places else {
            entries[id]?.stage = .waiting
            waitingCount += 1
            waiting.append(id, from: entry.address)
            return false
        }
        take(id, now)
        return true
    }

    /// The handshake is over, well or not, or the peer has gone.
    mutating func left(_ id: ID, at now: NIODeadline) -> [Action] {
        remove(id)
        return fillPlaces(now)
    }

    mutating func timePassed(at now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        while let id = all.first(where: { [entries] in entries[$0] != nil }), let entry = entries[id],
            entry.deadline <= now
        {
            remove(id)
            actions.append(.giveUp(id))
        }
        // As many as wait, and no more: what has a place keeps it while nobody wants it.
        var wanted = waitingCount
        while wanted > 0, let id = shaking.first(where: { [entries] in entries[$0] != nil }),
            case .shaking(let since)? = entries[id]?.stage, since + haste <= now
        {
            wanted -= 1
            remove(id)
            actions.append(.giveUp(id))
        }
        actions += fillPlaces(now)
        evenOut(now, &actions)
        return actions
    }

    /// From the address that has most places to the next that waits and has fewer, one by one. No more than there are places are looked through
    /// for one: who has none is such a one.
    private mutating func evenOut(_ now: NIODeadline, _ actions: inout [Action]) {
        while waitingCount > 0, let most = held.max(by: { $0.value < $1.value }), most.value > 1,
            let other = waiting.nextAddress(
                where: { [held] in held[$0, default: 0] + 1 < most.value }, { [entries] in entries[$0] != nil }),
            let oldest = shaking.oldest(where: { [entries] in entries[$0]?.address == most.key }),
            case .shaking(let since)? = entries[oldest]?.stage, since + share <= now,
            let id = waiting.takeFirst(of: other, where: { [entries] in entries[$0] != nil })
        {
            remove(oldest)
            waitingCount -= 1
            take(id, now)
            actions += [.giveUp(oldest), .begin(id)]
        }
    }

    private mutating func take(_ id: ID, _ now: NIODeadline) {
        entries[id]?.stage = .shaking(since: now)
        shakingCount += 1
        shaking.append(id)
        if let address = entries[id]?.address { held[address, default: 0] += 1 }
    }

    private mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        switch entry.stage {
        case .greeting: break
        case .waiting: waitingCount -= 1
        case .shaking:
            shakingCount -= 1
            let rest = held[entry.address, default: 1] - 1
            held[entry.address] = rest > 0 ? rest : nil
        }
        all.sweep(keeping: entries.count) { [entries] in entries[$0] != nil }
        waiting.sweep(keeping: waitingCount) { [entries] in entries[$0] != nil }
        shaking.sweep(keeping: shakingCount) { [entries] in entries[$0] != nil }
    }

    private mutating func fillPlaces(_ now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        while shakingCount < places, waitingCount > 0,
            let id = waiting.takeFirst(where: { [entries] in entries[$0] != nil })
        {
            waitingCount -= 1
            take(id, now)
            actions.append(.begin(id))
        }
        return actions
    }
}
