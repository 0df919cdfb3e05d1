import Clients

extension StoreReader {
    /// What the record says about the proxy, and whether one lives.
    public func proxy() throws(RecordProblem) -> ProxyRecord {
        let record = try run { () throws(StoreError) -> ProxyRecord? in
            let row = try connection.cached(
                """
                SELECT started_ms, heartbeat_ms, stopped_ms, version, address, pid, registration_timeout_ms, scrapes,
                  failures, queued, in_flight, connections, connections_opened, connections_failed,
                  connection_bytes_to_target, connection_bytes_to_scraper, discovery_labels FROM proxy WHERE id = 1
                """)
            defer { row.reset() }
            guard try row.next() else { return nil }
            var record = ProxyRecord(
                started: row.time(0), heartbeat: row.time(1), stopped: row.optionalTime(2),
                version: row.text(3, atMost: Limit.version), address: row.text(4, atMost: Limit.proxyAddress),
                pid: row.gauge(5), registrationTimeout: row.number(6, Meaning.count),
                scrapes: row.number(7, Meaning.count), failures: row.number(8, Meaning.count), queued: row.gauge(9),
                inFlight: row.gauge(10), writerLives: WriterLock.isHeld(connection.files))
            record.connections = row.gauge(11)
            record.connectionCounts = row.connectionCounts(from: 12)
            // Of a word that is none nobody knows what it was to keep out.
            record.discoveryLabels = DiscoveryLabels(rawValue: row.text(16, atMost: Limit.kind)) ?? .off
            return record
        }
        guard let record else { throw .neverWritten(path: path) }
        return record
    }

    /// The proxy's seconds at and after a time (Unix seconds), oldest first; at most `Ring.seconds`. Seconds without a
    /// sample (the proxy was down) are left out.
    public func seconds(since: Int64) throws(RecordProblem) -> [SecondSample] {
        try run { () throws(StoreError) in
            let row = try connection.cached(
                """
                SELECT second, queued, in_flight, live_clients, scrapes, failures FROM second WHERE second >= ?1
                  ORDER BY second DESC LIMIT \(Ring.seconds)
                """)
            defer { row.reset() }
            row.bind(1, since)
            var samples: [SecondSample] = []
            while try row.next() {
                samples.append(
                    SecondSample(
                        second: row.number(0, Meaning.second), queued: row.gauge(1), inFlight: row.gauge(2),
                        liveClients: row.gauge(3), scrapes: row.gauge(4), failures: row.gauge(5)))
            }
            samples.reverse()
            return samples
        }
    }

    /// When the proxy last wrote: what states are measured at.
    func heartbeat() throws(StoreError) -> UnixMilliseconds {
        let row = try connection.cached("SELECT heartbeat_ms FROM proxy WHERE id = 1")
        defer { row.reset() }
        return try row.next() ? row.time(0) : 0
    }
}
