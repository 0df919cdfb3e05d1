import DequeModule

extension HandshakeGate {
    /// Ids in the order in which they were added. Those that have left go when they come to the front, or are swept.
    struct Line {
        private var ids = Deque<ID>()

        /// Those that have left included.
        var count: Int { ids.count }

        mutating func append(_ id: ID) { ids.append(id) }

        /// The first one that lives; those before it go.
        mutating func first(where lives: (ID) -> Bool) -> ID? {
            while let id = ids.first {
                if lives(id) { return id }
                ids.removeFirst()
            }
            return nil
        }

        /// The first one of which that is so; all stay.
        func oldest(where isMeant: (ID) -> Bool) -> ID? { ids.first(where: isMeant) }

        mutating func removeFirst() { ids.removeFirst() }

        /// Throws out the dead when they outnumber the living.
        mutating func sweep(keeping living: Int, where lives: (ID) -> Bool) {
            if ids.count > 2 * living + 64 { removeDead(lives) }
        }

        mutating func removeDead(_ lives: (ID) -> Bool) { ids.removeAll { !lives($0) } }
    }

    /// Lines by address: one of each address in turn, and of one address who came first.
    struct Turns {
        private var lines: [Address: Line] = [:]
        /// Of each line once.
        private var order = Deque<Address>()
        /// All that stand in lines, those that have left included.
        private var count = 0

        mutating func append(_ id: ID, from address: Address) {
            if lines[address] == nil { order.append(address) }
            lines[address, default: Line()].append(id)
            count += 1
        }

        /// The next one that lives, which goes.
        mutating func takeFirst(where lives: (ID) -> Bool) -> ID? {
            while let address = order.popFirst() {
                if let id = takeTurn(of: address, where: lives) { return id }
            }
            return nil
        }

        /// Out of turn.
        mutating func takeFirst(of address: Address, where lives: (ID) -> Bool) -> ID? {
            guard let index = order.firstIndex(of: address) else { return nil }
            order.remove(at: index)
            return takeTurn(of: address, where: lives)
        }

        /// Whose turn it is, of those that are meant and whose line has somebody in it who lives.
        func nextAddress(where isMeant: (Address) -> Bool, _ lives: (ID) -> Bool) -> Address? {
            order.first { address in
                isMeant(address) && lines[address]?.oldest(where: lives) != nil
            }
        }

        /// The address is in the order no more, and goes to its end when somebody is left.
        private mutating func takeTurn(of address: Address, where lives: (ID) -> Bool) -> ID? {
            guard var line = lines.removeValue(forKey: address) else { return nil }
            count -= line.count
            guard let id = line.first(where: lives) else { return nil }
            line.removeFirst()
            if line.count > 0 {
                count += line.count
                lines[address] = line
                order.append(address)
            }
            return id
        }

        /// Throws out the dead when they outnumber the living.
        mutating func sweep(keeping living: Int, where lives: (ID) -> Bool) {
            guard count > 2 * living + 64 else { return }
            for address in order { lines[address]?.removeDead(lives) }
            lines = lines.filter { $0.value.count > 0 }
            order.removeAll { lines[$0] == nil }
            count = lines.values.reduce(0) { $0 + $1.count }
        }
    }
}
