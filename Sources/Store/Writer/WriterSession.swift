import CSQLite

/// One open database, ready to be written: its connection and the compiled statements. `StoreWriter` makes another one
/// when the file has to be made anew.
final class WriterSession {
    let connection: SQLiteConnection
    private let log: FileIdentity?
    private var clients: ClientWriter
    private let failures: FailureWriter
    private let maxClients: Int
    private let beat: Statement
    private let addSecond: Statement
    private let trimSeconds: Statement

    /// Opens an existing file (an empty one too), migrates it, and checks it as far as that is cheap.
    /// - Throws: `.corrupt` or `.notADatabase` for a file that should be moved aside.
    init(_ files: DatabaseFiles, schema: Schema, options: WriterOptions) throws(StoreError) {
        let connection = try SQLiteConnection(files, mode: .readWrite, busyTimeout: options.busyTimeout)
        self.connection = connection
        maxClients = options.maxClients
        do throws(StoreError) {
            let content = try Content.read(connection)
            let found: Int
            switch content {
            case .record(let version): found = version
            case .foreign(let id): throw StoreError(.foreignDatabase(applicationID: id), path: files.given)
            case .absent, .empty, .notADatabase, .corrupt: found = 0
            }
            guard found <= schema.version else {
                throw StoreError(.newerSchema(found: found, known: schema.version), path: files.given)
            }
            connection.keepWALFiles()
            guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
                throw StoreError(
                    .cannotOpen, path: files.given,
                    detail: "its file system cannot hold SQLite's write-ahead log; use a local disk")
            }
            try connection.execute(
                """
                PRAGMA synchronous = NORMAL;
                PRAGMA foreign_keys = ON;
                PRAGMA wal_autocheckpoint = \(options.checkpointPages);
                PRAGMA journal_size_limit = \(options.walBytesKept);
                PRAGMA cache_size = \(-options.cacheKiB);
                """)
            try Self.check(connection, seconds: options.checkSeconds)
            try schema.migrate(connection, from: found)
            clients = try ClientWriter(connection)
            failures = try FailureWriter(connection)
            beat = try connection.cached(
                """
                UPDATE proxy SET heartbeat_ms = ?1, scrapes = \(Meaning.sum("scrapes", "?2")),
                  failures = \(Meaning.sum("failures", "?3")), queued = ?4, in_flight = ?5, connections = ?6,
                  connections_opened = \(Meaning.sum("connections_opened", "?7")),
                  connections_failed = \(Meaning.sum("connections_failed", "?8")),
                  connection_bytes_to_target = \(Meaning.sum("connection_bytes_to_target", "?9")),
                  connection_bytes_to_scraper = \(Meaning.sum("connection_bytes_to_scraper", "?10"))
                WHERE id = 1
                """)
            addSecond = try connection.cached(
                """
                INSERT OR REPLACE INTO second (second, queued, in_flight, live_clients, scrapes, failures)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """)
            // Seconds after the newest are from a clock that has been set back since.
            trimSeconds = try connection.cached(
                "DELETE FROM second WHERE second <= ?1 - \(Ring.seconds) OR second > ?1")
            log = try FileIdentity.at(files.wal)
        } catch {
            connection.close()
            // A missing table or column, in a database that says it is ours at this version, is damage too.
            guard error.isSchemaMismatch else { throw error }
            throw StoreError(.corrupt, code: error.code, path: error.path, detail: error.detail)
        }
    }

    /// Looks for damage for a bounded time; what is not found then shows when it is read.
    private static func check(_ connection: SQLiteConnection, seconds: Double) throws(StoreError) {
        do throws(StoreError) {
            let finding = try connection.withDeadline(seconds: seconds) { () throws(StoreError) in
                try connection.text("PRAGMA quick_check(1)")
            }
            guard let finding, finding != "ok" else { return }
            throw StoreError(.corrupt, code: SQLITE_CORRUPT, path: connection.files.given, detail: finding)
        } catch  where error.isInterrupted {
            return
        }
    }

    /// Whether the database or its log at the path is not what this session has open. Two `stat`s.
    func hasMoved() throws(StoreError) -> Bool {
        if connection.hasMoved { return true }
        guard let log else { return false }
        return !log.isSameFile(as: try FileIdentity.at(connection.files.wal))
    }

    func write(_ batch: RecordBatch) throws(StoreError) {
        try connection.transaction { () throws(StoreError) in
            let hasGrown = try clients.write(batch.clients)
            try failures.write(batch.failures)
            if hasGrown { try removeSurplus(over: maxClients, now: batch.time) }
            for second in batch.seconds.suffix(Ring.seconds) { try write(second) }
            if let newest = batch.seconds.last {
                trimSeconds.bind(1, newest.second)
                try trimSeconds.run()
            }
            beat.bind(1, batch.time)
            beat.bind(2, batch.scrapes)
            beat.bind(3, batch.failedScrapes)
            beat.bind(4, batch.queued)
            beat.bind(5, batch.inFlight)
            beat.bind(6, batch.connections)
            beat.bind(7, batch.connectionCounts.opened)
            beat.bind(8, batch.connectionCounts.failed)
            beat.bind(9, batch.connectionCounts.bytesToTarget)
            beat.bind(10, batch.connectionCounts.bytesToScraper)
            try beat.run()
        }
    }

    private func write(_ sample: SecondSample) throws(StoreError) {
        addSecond.bind(1, sample.second)
        addSecond.bind(2, sample.queued)
        addSecond.bind(3, sample.inFlight)
        addSecond.bind(4, sample.liveClients)
        addSecond.bind(5, sample.scrapes)
        addSecond.bind(6, sample.failures)
        try addSecond.run()
    }
}
