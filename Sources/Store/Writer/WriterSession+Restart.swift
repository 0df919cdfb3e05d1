import Clients

/// What the session's first transaction did.
struct Restart {
    var downtime: Int64
    var stoppedInOrder: Bool
    var restored: [RestoredClient]
}

extension WriterSession {
    /// Notes that a proxy has started, and carries the clients of the last one over, in one transaction.
    ///
    /// The last proxy's word ends at its last heartbeat. A client that was live then loses nothing by the downtime: a
    /// connected one was last seen at that heartbeat and has the whole registration timeout from now on; any other has
    /// what it had left, but no more than a connected one. With a clock that went backwards the downtime counts as zero.
    func restart(as identity: ProxyIdentity, now: UnixMilliseconds) throws(StoreError) -> Restart {
        try connection.transaction { () throws(StoreError) in
            let last = try connection.prepare("SELECT heartbeat_ms, stopped_ms FROM proxy WHERE id = 1")
            var restart = Restart(downtime: 0, stoppedInOrder: true, restored: [])
            if try last.next() {
                let heard = last.optionalTime(1) ?? last.time(0)
                restart.stoppedInOrder = !last.isNull(1)
                // Neither clock can be trusted not to overflow.
                let (downtime, overflow) = now.subtractingReportingOverflow(heard)
                restart.downtime = overflow ? 0 : max(0, downtime)
                last.reset()
                restart.restored = try carryOver(
                    heard: heard, downtime: restart.downtime, now: now, timeout: identity.registrationTimeout)
            }
            try endWhatWasUnderWay()
            try restartNumbersOfFailures()
            try note(identity, now: now)
            return restart
        }
    }

    private func carryOver(
        heard: UnixMilliseconds, downtime: Int64, now: UnixMilliseconds, timeout: Int64
    ) throws(StoreError) -> [RestoredClient] {
        // Clients that were gone at the last heartbeat must stay so, even when the clock went back to before that.
        let carry = try connection.prepare(
            """
            UPDATE client SET
              last_seen_ms = min(iif(connected, max(last_seen_ms, ?1), last_seen_ms), ?3),
              expires_ms = CASE
                WHEN connected THEN ?3 + ?4
                WHEN expires_ms > ?1 THEN min(expires_ms, ?1 + ?4) + min(?2, ?3 + ?4 - min(expires_ms, ?1 + ?4))
                ELSE min(expires_ms, ?3) END
            WHERE (connected OR expires_ms > min(?1, ?3)) AND polled <> 0
            RETURNING fqdn, first_seen_ms, last_seen_ms, expires_ms, instance, name, id, declaration, agent
            """)
        carry.bind(1, heard)
        carry.bind(2, downtime)
        carry.bind(3, now)
        carry.bind(4, timeout)
        var restored: [RestoredClient] = []
        var declaring: [(id: Int64, digest: Int64, index: Int)] = []
        while try carry.next() {
            guard carry.time(3) > now else { continue }
            let fqdn = carry.text(0, atMost: Limit.fqdn)
            if !carry.isNull(7) { declaring.append((carry.integer(6), carry.integer(7), restored.count)) }
            restored.append(
                RestoredClient(
                    fqdn: fqdn, name: carry.spelling(5, of: fqdn), firstSeen: carry.time(1), lastSeen: carry.time(2),
                    expires: carry.time(3), instance: carry.optionalText(4, atMost: Limit.instance),
                    agent: carry.optionalText(8, atMost: Limit.agent)))
        }
        try restoreDeclarations(of: declaring, to: &restored)
        return restored
    }

    /// What was damaged is left out; when the client says it again, that is written anew.
    private func restoreDeclarations(
        of clients: [(id: Int64, digest: Int64, index: Int)], to restored: inout [RestoredClient]
    ) throws(StoreError) {
        let declarations = try DeclarationReader(connection)
        let doubt = try connection.prepare("UPDATE client SET declaration = \(Declaration.noDigest) WHERE id = ?1")
        for client in clients {
            let declaration = try declarations.declaration(of: client.id)
            restored[client.index].declaration = declaration
            guard declaration.digest != client.digest else { continue }
            doubt.bind(1, client.id)
            try doubt.run()
        }
    }

    /// At the start nothing is under way, not for names without a client either.
    private func endWhatWasUnderWay() throws(StoreError) {
        try connection.execute(
            """
            UPDATE client SET connected = 0, queued = 0, in_flight = 0, connections = 0, round_trip_us = NULL
              WHERE connected IS NOT 0 OR queued IS NOT 0 OR in_flight IS NOT 0 OR connections IS NOT 0
                OR round_trip_us IS NOT NULL;
            UPDATE proxy SET queued = 0, in_flight = 0, connections = 0
            """)
    }

    /// Failures are numbered, and SQLite writes none after the greatest number there is: an absurd one must not put an end to writing.
    private func restartNumbersOfFailures() throws(StoreError) {
        try connection.execute(
            """
            DELETE FROM failure WHERE id > \(Meaning.largestCount);
            UPDATE sqlite_sequence SET seq = (SELECT ifnull(max(id), 0) FROM failure)
              WHERE name = 'failure' AND (typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND \(Meaning.largestCount))
            """)
    }

    /// Totals are kept over restarts.
    private func note(_ identity: ProxyIdentity, now: UnixMilliseconds) throws(StoreError) {
        let note = try connection.prepare(
            """
            INSERT INTO proxy (id, started_ms, heartbeat_ms, version, address, pid, registration_timeout_ms, discovery_labels)
              VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)
              ON CONFLICT (id) DO UPDATE SET started_ms = ?1, heartbeat_ms = ?2, stopped_ms = NULL, version = ?3,
                address = ?4, pid = ?5, registration_timeout_ms = ?6, discovery_labels = ?7
            """)
        note.bind(1, identity.started)
        note.bind(2, now)
        note.bind(3, identity.version, atMost: Limit.version)
        note.bind(4, identity.address, atMost: Limit.proxyAddress)
        note.bind(5, identity.pid)
        note.bind(6, identity.registrationTimeout)
        note.bind(7, identity.discoveryLabels.rawValue)
        try note.run()
    }

    func listens(at address: String) throws(StoreError) {
        let note = try connection.prepare("UPDATE proxy SET address = ?1 WHERE id = 1")
        note.bind(1, address, atMost: Limit.proxyAddress)
        try note.run()
    }

    /// Notes the stop and writes the log back into the database file. Clients stay as last known: a restart reads them.
    func stop(now: UnixMilliseconds) throws(StoreError) {
        try connection.transaction { () throws(StoreError) in
            let stop = try connection.cached(
                """
                UPDATE proxy SET heartbeat_ms = ?1, stopped_ms = ?1, queued = 0, in_flight = 0, connections = 0
                WHERE id = 1
                """)
            stop.bind(1, now)
            try stop.run()
        }
        // A reader in the middle of its transaction keeps some of the log in use; what is left is read at the next start.
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
