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
/// | `left` | any | gone; who waits longest takes the place, if there was one |
/// | `timePassed` | any | gone, when its time is over; shaking: sooner when others wait |
///
/// A peer that begins a handshake and falls silent could hold its place for all of its time, and a few of them all places. Where
/// others wait, a handshake is therefore given up after a quarter of it.
struct HandshakeGate {
    /// Never used twice.
    struct ID: Hashable, Sendable {
        let number: UInt64
    }

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
        let deadline: NIODeadline
    }

    private let places: Int
    private let patience: TimeAmount
    private let haste: TimeAmount
    private var entries: [ID: Entry] = [:]
    private var next: UInt64 = 0
    /// In the order of their deadlines, which is that of their coming. Here and below, ids that have left go when they come to
    /// the front, or are swept.
    private var all = Line()
    private var waiting = Line()
    private var shaking = Line()
    private(set) var waitingCount = 0
    private(set) var shakingCount = 0

    /// - Parameters:
    ///   - places: At least 1.
    ///   - patience: From accepting a connection to the end of its handshake.
    init(places: Int, patience: TimeAmount) {
        self.places = places
        self.patience = patience
        haste = .nanoseconds(patience.nanoseconds / 4)
    }

    /// All that are known.
    var count: Int { entries.count }

    mutating func accepted(at now: NIODeadline) -> ID {
        let id = ID(number: next)
        next += 1
        entries[id] = Entry(stage: .greeting, deadline: now + patience)
        all.append(id)
        return id
    }

    /// - Returns: Whether the handshake may begin at once; otherwise `begin` follows, or `giveUp`.
    mutating func helloArrived(_ id: ID, at now: NIODeadline) -> Bool {
        guard let entry = entries[id], case .greeting = entry.stage else { return false }
        guard shakingCount < places else {
            entries[id]?.stage = .waiting
            waitingCount += 1
            waiting.append(id)
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
        while let id = all.first(in: entries), let entry = entries[id], entry.deadline <= now {
            remove(id)
            actions.append(.giveUp(id))
        }
        // As many as wait, and no more: what has a place keeps it while nobody wants it.
        var wanted = waitingCount
        while wanted > 0, let id = shaking.first(in: entries),
            case .shaking(let since)? = entries[id]?.stage, since + haste <= now
        {
            wanted -= 1
            remove(id)
            actions.append(.giveUp(id))
        }
        return actions + fillPlaces(now)
    }

    private mutating func take(_ id: ID, _ now: NIODeadline) {
        entries[id]?.stage = .shaking(since: now)
        shakingCount += 1
        shaking.append(id)
    }

    private mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        switch entry.stage {
        case .greeting: break
        case .waiting: waitingCount -= 1
        case .shaking: shakingCount -= 1
        }
        all.sweep(keeping: entries.count, in: entries)
        waiting.sweep(keeping: waitingCount, in: entries)
        shaking.sweep(keeping: shakingCount, in: entries)
    }

    private mutating func fillPlaces(_ now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        while shakingCount < places, waitingCount > 0, let id = waiting.first(in: entries) {
            waiting.removeFirst()
            waitingCount -= 1
            take(id, now)
            actions.append(.begin(id))
        }
        return actions
    }

    /// Ids in the order in which they were added.
    private struct Line {
        private var ids: [ID] = []
        private var front = 0

        mutating func append(_ id: ID) { ids.append(id) }

        /// The first one that lives; those before it go.
        mutating func first(in living: [ID: Entry]) -> ID? {
            while front < ids.count {
                if living[ids[front]] != nil { return ids[front] }
                front += 1
            }
            ids.removeAll(keepingCapacity: true)
            front = 0
            return nil
        }

        mutating func removeFirst() { front += 1 }

        /// Throws out the dead when they outnumber the living.
        mutating func sweep(keeping count: Int, in living: [ID: Entry]) {
            guard ids.count > 2 * count + 64 else { return }
            ids = ids[front...].filter { living[$0] != nil }
            front = 0
        }
    }
}
