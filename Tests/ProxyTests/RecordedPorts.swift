import Clients
import Failures
import NIOCore
import Synchronization
import Wire

@testable import Proxy

/// A scraper that remembers how it was answered.
class RecordedScraper: ScrapePort, @unchecked Sendable {  // Subclasses add nothing that changes.
    let id = ScrapeID()
    let fqdn: FQDN
    var kind: ScrapeKind { .repeatable }
    var isHead: Bool { false }
    let targetWithoutQuery = "http://a/"
    let deadline = NIODeadline.distantFuture
    let sentBytes = 7
    private let calls = Mutex<[String]>([])
    private let failure = Mutex<FailureKind?>(nil)

    init(_ fqdn: FQDN) { self.fqdn = fqdn }

    var failed: FailureKind? { failure.withLock { $0 } }
    /// What it was told of its connection.
    var told: [String] { calls.withLock { $0 } }

    func tell(_ what: String) { calls.withLock { $0.append(what) } }

    func writeRequest(into buffer: inout ByteBuffer, spelling: FQDN, by transport: Transport) {}
    func relay(_ part: RelayPart, from source: any ResponseSource) {}
    func fail(_ kind: FailureKind, detail: String) { failure.withLock { $0 = kind } }
}

/// A scraper that asks for a connection.
final class RecordedConnect: RecordedScraper, ConnectPort, @unchecked Sendable {
    override var kind: ScrapeKind { .connection }
    let takenBytes = 5

    func opened(_ source: any ConnectSource) { tell("opened") }
    func windUp() { tell("windUp") }
    func take(_ bytes: ByteBuffer) {}
    func takeEnd() {}
    func taken(_ bytes: Int) {}
}

/// A delivery that remembers what it was handed, and a source that remembers whether it was abandoned.
final class RecordedClient: DeliveryPort, ResponseSource, ConnectSource {
    private struct State {
        var delivered: [ScrapeID] = []
        var withdrawn: [ScrapeID] = []
        var ended: DeliveryEnd?
        var isAbandoned = false
        var aborts = 0
    }

    private let state = Mutex(State())

    var delivered: [ScrapeID] { state.withLock { $0.delivered } }
    var withdrawn: [ScrapeID] { state.withLock { $0.withdrawn } }
    var ended: DeliveryEnd? { state.withLock { $0.ended } }
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }
    var aborts: Int { state.withLock { $0.aborts } }

    func deliver(_ delivered: Delivered<LivePorts>) { state.withLock { $0.delivered.append(delivered.scrape) } }
    func withdraw(_ scrape: ScrapeID) { state.withLock { $0.withdrawn.append(scrape) } }
    func end(_ why: DeliveryEnd) { state.withLock { $0.ended = why } }
    func relayed(_ bytes: Int) {}
    func abandon() { state.withLock { $0.isAbandoned = true } }
    func take(_ bytes: ByteBuffer) {}
    func takeEnd() {}
    func taken(_ bytes: Int) {}
    func abort() { state.withLock { $0.aborts += 1 } }
}
