import Clients
import Failures
import Store

/// A made-up fleet behind a proxy, written to a record as the proxy would: the same numbers in, the same record out.
struct Fleet {
    /// A small generator of which the results do not change between versions of the standard library (SplitMix64).
    struct Randomness: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private var randomness: Randomness
    let names: [String]
    let started: UnixMilliseconds

    /// - Parameter started: When the proxy started, and all clients were first seen.
    init(count: Int, seed: UInt64 = 1, started: UnixMilliseconds) {
        randomness = Randomness(state: seed)
        self.started = started
        let roles = ["web", "db", "cache", "queue", "build", "edge"]
        let sites = ["ams1", "fra2", "nyc3"]
        names = (0..<count).map { index in
            "\(roles[index % roles.count])-\(index / roles.count + 1).\(sites[index / 3 % sites.count]).example.com"
        }
    }

    static func identity(started: UnixMilliseconds) -> ProxyIdentity {
        ProxyIdentity(
            started: started, version: "0.1.0", address: "127.0.0.1:8080", pid: 4711, registrationTimeout: 300_000)
    }

    /// What the proxy would write at a time: every client of `range` was scraped once, some went wrong.
    mutating func batch(at time: UnixMilliseconds, clients range: Range<Int>) -> RecordBatch {
        var batch = RecordBatch(time: time)
        for index in range {
            batch.clients.append(change(index, at: time, into: &batch))
        }
        batch.scrapes = range.count
        batch.seconds = [
            SecondSample(
                second: time / 1000, queued: Int(randomness.next() % 5), inFlight: Int(randomness.next() % 9),
                liveClients: names.count, scrapes: range.count, failures: batch.failures.count)
        ]
        batch.failedScrapes = batch.failures.count
        return batch
    }

    private mutating func change(_ index: Int, at time: UnixMilliseconds, into batch: inout RecordBatch) -> ClientChange
    {
        let roll = randomness.next() % 100
        var change = ClientChange(fqdn: names[index], firstSeen: started)
        // Every ninth is away: half of those for so long that it is not listed any more.
        let isAway = index % 9 == 8
        change.lastSeen = isAway ? time - Int64(index % 2 == 0 ? 60_000 : 900_000) : time - Int64(roll * 20)
        change.expires = change.lastSeen + 300_000
        change.connected = !isAway
        change.inFlight = !isAway && roll < 8 ? 1 : 0
        change.queued = isAway && index % 2 == 0 ? 1 : 0
        // Every fourth is upstream's client, which polls.
        change.transport = index % 4 == 0 ? .poll : .tunnel
        change.roundTrip = index % 4 == 0 || isAway ? nil : Int64(1000 + index * 250)
        change.agent = index % 4 == 0 ? "Go-http-client/1.1" : "pushprox-client/0.1.0"
        change.instance = index % 4 == 0 ? nil : "i-\(index)"
        change.address = "192.0.2.\(index % 250 + 1)"
        let failure = failure(index, roll: roll, isAway: isAway)
        let duration = Int64(4_000 + randomness.next() % 40_000) * (failure == nil ? 1 : 100)
        change.scrapes = 1
        change.outcomes = [
            Outcome(
                time: time, duration: duration, status: failure.map { $0.status ?? 200 } ?? 200, bytes: 5_120,
                failure: failure)
        ]
        if let failure {
            change.failures = [failure: 1]
            let record = FailureRecord(
                time: time, fqdn: names[index], kind: failure, text: Self.text(failure),
                scrapeID: "scrape-\(index)-\(time)",
                target: "http://\(names[index]):9100/metrics", duration: duration)
            change.lastFailure = record
            batch.failures.append(record)
        }
        return change
    }

    private func failure(_ index: Int, roll: UInt64, isAway: Bool) -> FailureKind? {
        if isAway { return .noPoll }
        // The eleventh of every 40 is broken for good; all others fail now and then.
        if index % 40 == 10 { return roll < 80 ? .targetUnreachable : .targetTimeout }
        return roll == 99 ? .noPush : nil
    }

    private static func text(_ kind: FailureKind) -> String {
        switch kind {
        case .targetUnreachable: "connect to 127.0.0.1:9100: connection refused"
        default: kind.summary
        }
    }
}
