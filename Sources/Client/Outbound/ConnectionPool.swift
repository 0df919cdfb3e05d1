import NIOCore

/// Idle connections, newest first, bounded in number and age.
struct ConnectionPool {
    /// How many are kept per route and in all: as many as usual numbers of scrapes at once need.
    static let maxIdlePerRoute = 8
    static let maxIdle = 32
    /// How long one is kept, as Go's transport does.
    static let maxIdleTime = TimeAmount.seconds(90)

    private struct Entry {
        let connection: OutboundConnection
        let since: NIODeadline
    }

    /// Oldest first.
    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    /// The connection of this route that was used last.
    mutating func take(_ route: OutboundRoute) -> OutboundConnection? {
        while let index = entries.lastIndex(where: { $0.connection.route == route }) {
            let connection = entries.remove(at: index).connection
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Keeps a connection; returns those that have to be closed for it.
    mutating func put(_ connection: OutboundConnection, at now: NIODeadline) -> [OutboundConnection] {
        entries.append(Entry(connection: connection, since: now))
        var surplus: [OutboundConnection] = []
        let sameRoute = entries.indices.filter { entries[$0].connection.route == connection.route }
        if sameRoute.count > Self.maxIdlePerRoute {
            surplus.append(entries.remove(at: sameRoute[0]).connection)
        } else if entries.count > Self.maxIdle {
            surplus.append(entries.removeFirst().connection)
        }
        return surplus
    }

    mutating func remove(_ connection: OutboundConnection) {
        entries.removeAll { $0.connection === connection }
    }

    /// Takes out what has been idle for too long.
    mutating func expire(at now: NIODeadline) -> [OutboundConnection] {
        let old = entries.prefix { $0.since + Self.maxIdleTime <= now }.map(\.connection)
        entries.removeFirst(old.count)
        return old
    }

    /// Takes out those that meet a condition.
    mutating func removeAll(where isMet: (OutboundConnection) -> Bool) -> [OutboundConnection] {
        let removed = entries.map(\.connection).filter(isMet)
        entries.removeAll { isMet($0.connection) }
        return removed
    }
}
