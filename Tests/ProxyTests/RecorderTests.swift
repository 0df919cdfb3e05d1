import Failures
import Logging
import NIOCore
import Store
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Proxy

/// A store that does what the test says, in turn, and keeps what it was given.
private final class ScriptedStore: RecordStore {
    enum Answer { case written, startedAfresh, trouble, stopping }
    struct Trouble: Error {}

    private struct State {
        var answers: [Answer] = []
        var batches: [RecordBatch] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    var batches: [RecordBatch] { state.withLock { $0.batches } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// How the next calls are answered; after that all is written.
    func answer(_ answers: Answer...) { state.withLock { $0.answers = answers } }

    func write(_ batch: RecordBatch) async throws -> WriteOutcome {
        let answer = state.withLock { state in
            state.batches.append(batch)
            return state.answers.isEmpty ? .written : state.answers.removeFirst()
        }
        switch answer {
        case .written: return .written
        case .startedAfresh: return .recreated(.startedAfresh(movedTo: nil, reason: StoreError(.corrupt, path: "x")))
        case .trouble: throw Trouble()
        case .stopping: throw CancellationError()
        }
    }

    func prune(at now: UnixMilliseconds, retention: TimeAmount) async throws -> Int { 0 }
    func close(at now: UnixMilliseconds) async throws { state.withLock { $0.isClosed = true } }
}

/// A fleet of which nothing is known but what stands in it.
private struct StillFleet: FleetView {
    var gauges = BrokerGauges()
    var states: [Proxy.ClientSnapshot] = []

    func clientStates() -> [Proxy.ClientSnapshot] { states }
    func clientStates(of keys: [String]) -> [Proxy.ClientSnapshot?] {
        keys.map { key in states.first { $0.fqdn.key == key } }
    }
}

@Suite("The recorder") struct RecorderTests {
    private let sink = RecordSink(maxClients: 100)
    private let store = ScriptedStore()
    private let metrics = ProxyMetrics()
    private let lines = LogLines()
    private let now = ClockReading.now()

    private func recorder(_ fleet: StillFleet = StillFleet()) -> Recorder {
        Recorder(
            of: sink, in: store, fleet: fleet, metrics: metrics, logger: lines.logger, retention: .hours(1))
    }

    private func state(_ name: String, queued: Int = 0) throws -> Proxy.ClientSnapshot {
        Proxy.ClientSnapshot(
            id: ClientID(serial: 1), fqdn: try #require(FQDN(name)), isRegistered: true, isConnected: true,
            queued: queued, inFlight: 0, connections: 0, lastSeen: now.deadline, expires: now.deadline, instance: nil,
            agent: nil, address: nil, transport: nil, roundTrip: nil, declaration: .none)
    }

    private func scrapeEnds(_ name: String) throws {
        let fqdn = try #require(FQDN(name))
        sink.note {
            $0.scrapeEnded(
                Outcome(time: now.wall, duration: 1, status: 200, bytes: 0, failure: nil), of: fqdn, isRegistered: true,
                failure: nil)
        }
    }

    @Test("writes what came in, as the fleet is now and not as it was when it was noted")
    func written() async throws {
        let gauges = BrokerGauges(queued: 7, inFlight: 3)
        let recorder = recorder(StillFleet(gauges: gauges, states: [try state("a", queued: 7)]))
        let before = try state("a", queued: 2)
        sink.note { $0.clientChanged(before, at: now) }
        try scrapeEnds("a")
        #expect(await recorder.flush(alreadyInTrouble: false) == false)
        let batch = try #require(store.batches.first)
        #expect(batch.clients.map(\.queued) == [7] && batch.queued == 7 && batch.inFlight == 3 && batch.scrapes == 1)
        #expect(sink.count == 0)
    }

    @Test(
        "gives back what the store refuses, and brings it again with what has come since; trouble is said once, and its end"
    )
    func trouble() async throws {
        let recorder = recorder()
        store.answer(.trouble, .trouble)
        try scrapeEnds("a")
        var trouble = await recorder.flush(alreadyInTrouble: false)
        #expect(trouble && sink.count == 1)
        try scrapeEnds("a")
        trouble = await recorder.flush(alreadyInTrouble: trouble)
        #expect(trouble && metrics.recordErrors.value == 2)
        try scrapeEnds("b")
        #expect(lines.containing("is written again").isEmpty)
        trouble = await recorder.flush(alreadyInTrouble: trouble)
        #expect(!trouble && store.batches.map(\.scrapes) == [1, 2, 3])
        #expect(Set(store.batches[2].clients.map(\.fqdn)) == ["a", "b"])
        #expect(lines.containing("cannot be written").count == 1 && lines.containing("is written again").count == 1)
        #expect(sink.count == 0 && metrics.recordDropped.value == 0)
    }

    @Test(
        "keeps what it could not write because the program stops, and writes it when it is closed; that is no trouble")
    func stopping() async throws {
        let recorder = recorder()
        store.answer(.stopping)
        try scrapeEnds("a")
        #expect(await recorder.flush(alreadyInTrouble: false) == false)
        #expect(sink.count == 1 && metrics.recordErrors.value == 0)
        await recorder.close()
        #expect(store.batches.map(\.scrapes) == [1, 1] && store.isClosed && lines.containing("err").isEmpty)
    }

    @Test("tells a store that started afresh of every client there is")
    func startedAfresh() async throws {
        let recorder = recorder(StillFleet(states: [try state("a"), try state("b"), try state("c")]))
        store.answer(.startedAfresh)
        try scrapeEnds("a")
        _ = await recorder.flush(alreadyInTrouble: false)
        #expect(store.batches[0].clients.map(\.fqdn) == ["a"] && lines.containing("made anew").count == 1)
        _ = await recorder.flush(alreadyInTrouble: false)
        #expect(Set(store.batches[1].clients.map(\.fqdn)) == ["a", "b", "c"])
        #expect(store.batches[1].clients.allSatisfy { $0.polled && $0.connected } && store.batches[1].scrapes == 0)
    }

    @Test("is told of a registration at once by its sink, and of what was refused in the totals alone")
    func facts() throws {
        let name = try #require(FQDN("a"))
        sink.note([.note(.gone(name))], at: now)
        #expect(!sink.hasRegistrations && sink.count == 0)
        sink.note([.note(.registered(name, isBack: false)), .note(.client(try state("a")))], at: now)
        sink.scrapeRefused()
        let (batch, _, dropped) = sink.take(at: now.wall)
        #expect(batch.clients.map(\.fqdn) == ["a"] && batch.scrapes == 1 && batch.failedScrapes == 1 && dropped == 0)
        #expect(batch.failures.isEmpty && !sink.hasRegistrations)
    }
}
