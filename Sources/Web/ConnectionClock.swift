import NIOCore

/// The connections of one event loop whose patience is measured: those that owe us bytes, because their request has begun, or
/// never began, and is not all here; those that leave bytes of ours unread; and those that are idle.
///
/// One sweep instead of a timer for each: nearly every request arrives whole and is answered at once, and gets into none of the
/// tables; cancelling one of NIO's timers costs time in proportion to all of them. Confined to its event loop.
final class ConnectionClock {
    /// Bytes that a peer leaves unread, since when.
    private struct Unread {
        let connection: ServerConnection
        /// As it was when it last went on.
        var progress: ServerConnection.WriteProgress
        var since: NIODeadline
    }

    private var owing: [ObjectIdentifier: ServerConnection] = [:]
    private var unread: [ObjectIdentifier: Unread] = [:]
    /// Idle for less than `settling`.
    private var fresh = IdleConnections()
    /// Idle for longer, and everything that was written has gone.
    private var settled = IdleConnections()
    let loop: any EventLoop
    private let idleTimeout: TimeAmount
    private let writeTimeout: TimeAmount
    private let settling: TimeAmount
    private let interval: TimeAmount
    private var sweeping = false

    init(loop: any EventLoop, limits: WebLimits) {
        self.loop = loop
        idleTimeout = .nanoseconds(limits.idleTimeout.nanoseconds)
        writeTimeout = .nanoseconds(limits.writeTimeout.nanoseconds)
        settling = min(idleTimeout, writeTimeout)
        let shortest = min(settling.nanoseconds, limits.readHeaderTimeout.nanoseconds)
        interval = .nanoseconds(max(min(shortest / 4, 1_000_000_000), 5_000_000))
    }

    // MARK: Peers that owe bytes

    func add(_ connection: ServerConnection) {
        owing[ObjectIdentifier(connection)] = connection
        sweepLater()
    }

    func remove(_ connection: ServerConnection) {
        owing[ObjectIdentifier(connection)] = nil
    }

    // MARK: Peers that do not read

    /// Something waits for this connection's peer. It is watched until all of it has gone.
    func watchWrites(_ connection: ServerConnection) {
        guard !connection.isWatched else { return }
        connection.isWatched = true
        unread[ObjectIdentifier(connection)] = Unread(
            connection: connection, progress: connection.writeProgress(buffered: connection.bufferedBytes),
            since: loop.now)
        sweepLater()
    }

    func unwatchWrites(_ connection: ServerConnection) {
        guard connection.isWatched else { return }
        connection.isWatched = false
        unread[ObjectIdentifier(connection)] = nil
    }

    // MARK: Idle connections

    func beginIdling(_ connection: ServerConnection) {
        connection.idling = .fresh
        connection.idleSince = loop.now
        fresh.append(connection)
        if !sweeping { sweepLater() }
    }

    func endIdling(_ connection: ServerConnection) {
        switch connection.idling {
        case .no: return
        case .fresh: fresh.remove(connection)
        case .settled: settled.remove(connection)
        }
        connection.idling = .no
    }

    /// Closes the connection of this loop that has been idle longest.
    ///
    /// - Returns: Whether there was one.
    func closeLongestIdle() -> Bool {
        while let connection = settled.first ?? fresh.first {
            if !settleIfRead(connection) { continue }
            connection.service.metrics.idleDisplaced.increment()
            connection.closeIdle()
            return true
        }
        return false
    }

    /// Takes a connection that is idle only because its peer reads nothing out of the idle ones: it is watched instead.
    private func settleIfRead(_ connection: ServerConnection) -> Bool {
        guard connection.bufferedBytes > 0 else { return true }
        endIdling(connection)
        watchWrites(connection)
        return false
    }

    // MARK: The sweep

    private func sweepLater() {
        guard !sweeping else { return }
        sweeping = true
        loop.assumeIsolated().scheduleTask(in: interval) { self.sweep() }
    }

    private func sweep() {
        let now = loop.now
        for connection in owing.values where (connection.phases.deadline ?? .distantFuture) <= now {
            connection.clockExpired(now)
        }
        for watched in unread.values { look(at: watched, now) }
        while let connection = fresh.first, connection.idleSince + settling <= now {
            guard settleIfRead(connection) else { continue }
            fresh.remove(connection)
            settled.append(connection)
            connection.idling = .settled
        }
        while let connection = settled.first, connection.idleSince + idleTimeout <= now {
            connection.service.metrics.idleClosed.increment()
            connection.closeIdle()
        }
        sweeping = false
        if !owing.isEmpty || !unread.isEmpty || fresh.first != nil || settled.first != nil { sweepLater() }
    }

    private func look(at watched: Unread, _ now: NIODeadline) {
        let connection = watched.connection
        // What came before it in this sweep may have closed it.
        guard connection.isWatched else { return }
        let buffered = connection.bufferedBytes
        if buffered == 0 {
            unwatchWrites(connection)
            connection.restIfIdle()
            return
        }
        let progress = connection.writeProgress(buffered: buffered)
        if progress != watched.progress {
            unread[ObjectIdentifier(connection)] = Unread(connection: connection, progress: progress, since: now)
        } else if watched.since + writeTimeout <= now {
            unwatchWrites(connection)
            connection.giveUpWriting()
        }
    }
}
