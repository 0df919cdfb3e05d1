import Access
import Failures
import NIOCore
import Store
import Synchronization
import Web
import Wire

/// Takes in what the record has to know, for the recorder to write; costs a lock and a look-up, never the disk.
final class RecordSink: FactSink {
    private let backlog: Mutex<RecordBacklog>
    private let nameless = Mutex(NamelessDenials())

    /// - Parameter maxClients: How many may be registered at once.
    init(maxClients: Int) { backlog = Mutex(RecordBacklog(maxClients: maxClients)) }

    /// Entries that wait to be written.
    var count: Int { backlog.withLock { $0.count } }

    /// A registration waits, which should be on disk soon.
    var hasRegistrations: Bool { backlog.withLock { $0.hasRegistrations } }

    func note(_ change: (inout RecordBacklog) -> Void) { backlog.withLock { change(&$0) } }

    /// All that waits.
    ///
    /// - Returns: The batch; what to give back should it not be written; how much has been left out since the last time.
    func take(at now: UnixMilliseconds) -> (batch: RecordBatch, taken: RecordBacklog, dropped: Int) {
        backlog.withLock { backlog in
            let taken = backlog
            let batch = backlog.take(at: now)
            return (batch, taken, backlog.takeDropped())
        }
    }

    /// What could not be written.
    func giveBack(_ taken: RecordBacklog) { note { $0.giveBack(taken) } }

    // MARK: FactSink

    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading) {
        note { backlog in
            for case .note(let fact) in decided { Self.record(fact, in: &backlog, now) }
        }
    }

    func denied(_ request: DeniedRequest, at now: ClockReading) {
        let failure = request.failureRecord(at: now.wall).flatMap { isForRecord($0, at: now) ? $0 : nil }
        note { backlog in
            switch request.kind {
            case .scrape: backlog.scrapeRefused()
            case .connection: backlog.connectionRefused()
            case .other, .scrapeUnderWay: break
            }
            if let failure { backlog.denied(failure) }
        }
    }

    func refused(_ certificate: RefusedCertificate, at now: ClockReading) {
        let failure = certificate.failureRecord(at: now.wall)
        if isForRecord(failure, at: now) { note { $0.denied(failure) } }
    }

    private func isForRecord(_ denial: FailureRecord, at now: ClockReading) -> Bool {
        !denial.fqdn.isEmpty || nameless.withLock { $0.admits(denial.text, at: now.deadline) }
    }

    func scrapeRefused() { note { $0.scrapeRefused() } }

    func connectionRefused() { note { $0.connectionRefused() } }

    private static func record(_ fact: BrokerFact<LivePorts>, in backlog: inout RecordBacklog, _ now: ClockReading) {
        switch fact {
        case .registered: backlog.registered()
        case .client(let state): backlog.clientChanged(state, at: now)
        case .clash(_, let fqdn, _): backlog.clashed(fqdn, at: now)
        case .ended(let end):
            let outcome = Outcome(
                time: now.wall, duration: end.duration.nanoseconds / 1000, status: end.status,
                bytes: Int64(end.bytes ?? end.scraper.sentBytes), failure: end.failure)
            let fqdn = end.scraper.fqdn
            backlog.scrapeEnded(
                outcome, of: fqdn, isRegistered: end.client != nil, failure: end.failureRecord(at: now.wall))
        case .connectionOpened(let client, let fqdn):
            backlog.connectionOpened(fqdn, isRegistered: client != nil, at: now.wall)
        case .connectionEnded(let end):
            backlog.connectionEnded(
                end.scraper.fqdn, bytes: end.bytes, isRegistered: end.client != nil,
                failure: end.failureRecord(at: now.wall), at: now.wall)
        case .gone, .queueFull, .deliverySuperseded, .deliveryIdle, .deliveryDropped, .redelivered,
            .registrationRefused, .connectionIdle:
            break
        }
    }
}

extension ScrapeEnd where Ports == LivePorts {
    fileprivate func failureRecord(at now: UnixMilliseconds) -> FailureRecord? {
        failure.map { FailureRecord($0, detail, of: scraper, after: duration, at: now) }
    }
}

extension ConnectionEnd where Ports == LivePorts {
    fileprivate func failureRecord(at now: UnixMilliseconds) -> FailureRecord? {
        failure.map { FailureRecord($0, detail, of: scraper, after: duration, at: now) }
    }
}

extension DeniedRequest {
    /// `nil` for what the record hears of in another way.
    fileprivate func failureRecord(at now: UnixMilliseconds) -> FailureRecord? {
        let scrape: (id: String, target: String)
        var isConnection = false
        switch kind {
        case .scrape(let id, let target): scrape = (id.description, target)
        case .connection(let id, let target): (scrape, isConnection) = ((id.description, target), true)
        case .other: scrape = ("", "")
        case .scrapeUnderWay: return nil
        }
        return .denied(
            denial.name, "\(denial.action.rawValue), \(denial.explanation)", from: address, scrape: scrape,
            isConnection: isConnection, at: now)
    }
}

extension RefusedCertificate {
    fileprivate func failureRecord(at now: UnixMilliseconds) -> FailureRecord {
        let shown = subject.map { "\(explanation) (\($0))" } ?? explanation
        return .denied(nil, "TLS handshake, \(shown)", from: address, at: now)
    }
}

extension FailureRecord {
    fileprivate init(
        _ kind: FailureKind, _ detail: String, of scraper: any ScrapePort, after duration: TimeAmount,
        at now: UnixMilliseconds
    ) {
        self.init(
            time: now, fqdn: scraper.fqdn.key, kind: kind, text: kind.sentence(detail).prefix(utf8Bytes: 500),
            scrapeID: scraper.id.description, target: scraper.targetWithoutQuery.prefix(utf8Bytes: 300),
            duration: duration.nanoseconds / 1000, isConnection: scraper.kind == .connection)
    }

    fileprivate static func denied(
        _ name: FQDN?, _ why: String, from address: String?, scrape: (id: String, target: String) = ("", ""),
        isConnection: Bool = false, at now: UnixMilliseconds
    ) -> FailureRecord {
        let kind = FailureKind.accessDenied
        let text = kind.sentence("\(why), from \(address ?? "an unknown address")")
        return FailureRecord(
            time: now, fqdn: name?.key ?? "", kind: kind, text: text.prefix(utf8Bytes: 500), scrapeID: scrape.id,
            target: scrape.target.prefix(utf8Bytes: 300), duration: 0, isConnection: isConnection)
    }
}
