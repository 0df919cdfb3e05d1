import Clients
import Failures
import Foundation

@testable import Store

/// A folder of its own for one test, removed when the test lets go of it.
final class Scratch {
    let folder: String
    var path: String { folder + "/record.db" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/store-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
    func put(_ bytes: Data, at path: String) throws { try bytes.write(to: URL(fileURLWithPath: path)) }
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    func writer(
        at path: String? = nil, now: UnixMilliseconds = start, schema: Schema = .current,
        options: WriterOptions = .quick
    ) throws -> StoreWriter {
        try StoreWriter(
            path: path ?? self.path, identity: .sample(started: now), now: now, options: options, schema: schema)
    }

    func reader(at path: String? = nil) throws -> StoreReader {
        switch StoreReader.open(path: path ?? self.path) {
        case .ready(let reader): return reader
        case .unavailable(let problem): throw problem
        }
    }

    /// Why the record can't be read; `nil` when it can.
    func problem(schema: Schema = .current) -> RecordProblem? {
        switch StoreReader.open(path: path, schema: schema) {
        case .ready: nil
        case .unavailable(let problem): problem
        }
    }

    /// Another program's connection.
    func outsider(_ path: String? = nil, busyTimeout: Int = 0) throws -> SQLiteConnection {
        try SQLiteConnection(DatabaseFiles(path: path ?? self.path), mode: .readWrite, busyTimeout: busyTimeout)
    }
}

/// When the tests begin.
let start: UnixMilliseconds = 1_795_000_000_000
let minute: Int64 = 60_000
let day: Int64 = 86_400_000

extension Schema {
    /// A later version.
    func with(_ migration: String) -> Schema { Schema(migrations: migrations + [migration]) }
}

extension WriterOptions {
    /// Locks held by a test are never given up while it waits.
    static var quick: WriterOptions {
        var options = WriterOptions()
        options.busyTimeout = 0
        return options
    }
}

extension ProxyIdentity {
    static func sample(started: UnixMilliseconds, pid: Int = 4711) -> ProxyIdentity {
        ProxyIdentity(
            started: started, version: "0.1.0", address: "127.0.0.1:8080", pid: pid, registrationTimeout: 5 * minute)
    }
}

extension ClientChange {
    static func sample(
        _ fqdn: String, seen: UnixMilliseconds = start, connected: Bool = false, outcomes: [Outcome] = []
    ) -> ClientChange {
        var change = ClientChange(fqdn: fqdn, firstSeen: seen)
        change.expires = seen + 5 * minute
        change.connected = connected
        change.outcomes = outcomes
        change.scrapes = outcomes.count
        for outcome in outcomes {
            guard let kind = outcome.failure else { continue }
            change.failures[kind, default: 0] += 1
            change.lastFailure = .sample(fqdn, kind, at: outcome.time)
        }
        return change
    }
}

extension ClientChange {
    /// A name that scrapes ask for; of a client nothing is said.
    static func scraped(_ fqdn: String, at time: UnixMilliseconds) -> ClientChange {
        var change = ClientChange(fqdn: fqdn, firstSeen: time)
        change.polled = false
        return change
    }
}

extension ClientChange {
    /// A client that says something of itself.
    static func declaring(
        _ fqdn: String, _ labels: [String], _ targets: [String] = [], seen: UnixMilliseconds = start,
        connected: Bool = true
    ) throws -> ClientChange {
        var change = ClientChange.sample(fqdn, seen: seen, connected: connected)
        change.declaration = try Declaration(labelTexts: labels, targetTexts: targets)
        return change
    }
}

extension ClientQuery {
    /// All, with what they declare.
    static var declared: ClientQuery {
        var query = ClientQuery()
        query.wantsDeclarations = true
        return query
    }
}

extension Outcome {
    static func good(_ duration: Int64, at time: UnixMilliseconds = start) -> Outcome {
        Outcome(time: time, duration: duration, status: 200, bytes: 1234, failure: nil)
    }

    static func bad(
        _ kind: FailureKind, _ duration: Int64 = 10_000_000, at time: UnixMilliseconds = start
    ) -> Outcome {
        Outcome(time: time, duration: duration, status: kind.status, bytes: 0, failure: kind)
    }
}

extension FailureRecord {
    static func sample(
        _ fqdn: String, _ kind: FailureKind = .noPoll, at time: UnixMilliseconds = start, id: Int = 0
    ) -> FailureRecord {
        FailureRecord(
            time: time, fqdn: fqdn, kind: kind, text: kind.summary, scrapeID: "scrape-\(id)",
            target: "http://\(fqdn):9100/metrics", duration: 10_000_000)
    }
}

extension RecordBatch {
    static func sample(_ clients: ClientChange..., at time: UnixMilliseconds = start) -> RecordBatch {
        var batch = RecordBatch(time: time)
        batch.clients = clients
        for client in clients {
            batch.scrapes += client.scrapes
            batch.failedScrapes += client.failures.values.reduce(0, +)
            if let failure = client.lastFailure { batch.failures.append(failure) }
        }
        return batch
    }
}
