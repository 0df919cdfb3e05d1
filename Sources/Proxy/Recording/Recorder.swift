import Logging
import NIOCore
import ServiceLifecycle
import Store
import Synchronization

/// Writes the record behind the proxy's back: facts are coalesced in memory as they come (`RecordSink`) and written about every 1.5 s, so
/// that no scrape ever waits for a disk.
final class Recorder: Service {
    /// How often the backlog is looked at: a registration is written at the next look, everything else every 1.5 s, so that it is on
    /// disk within two seconds of happening.
    private static let interval = Duration.milliseconds(250)
    private static let looksPerSample = 4
    private static let looksPerFlush = 6
    private static let flushesPerPrune = 40

    private let sink: RecordSink
    /// The counters as they stood at the last sample.
    private let lastTotals = Mutex((scrapes: 0, failures: 0))
    private let store: any RecordStore
    private let fleet: any FleetView
    private let metrics: ProxyMetrics
    private let logger: Logger
    private let retention: TimeAmount

    /// - Parameters:
    ///   - sink: Where the facts come in.
    ///   - fleet: Asked for what is so now.
    ///   - retention: How long gone clients and failures are kept.
    init(
        of sink: RecordSink, in store: any RecordStore, fleet: any FleetView, metrics: ProxyMetrics, logger: Logger,
        retention: TimeAmount
    ) {
        self.sink = sink
        self.store = store
        self.fleet = fleet
        self.metrics = metrics
        self.logger = logger
        self.retention = retention
    }

    /// Flushes until the program shuts down; the last flush is `close`'s.
    func run() async { await cancelWhenGracefulShutdown { await self.flushUntilCancelled() } }

    private func flushUntilCancelled() async {
        var looks = 0
        var trouble = false
        var hasOld = false
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            looks += 1
            if looks.isMultiple(of: Self.looksPerSample) { sample() }
            let isFlush = looks.isMultiple(of: Self.looksPerFlush)
            guard isFlush || sink.hasRegistrations else { continue }
            trouble = await flush(alreadyInTrouble: trouble)
            if looks.isMultiple(of: Self.looksPerFlush * Self.flushesPerPrune) { hasOld = true }
            // A part of it at a time, so that nothing else waits for long.
            if hasOld && !trouble && isFlush { hasOld = await prune() }
        }
    }

    /// Writes what is left, notes the stop, and closes the file.
    func close() async {
        sample()
        _ = await flush(alreadyInTrouble: false)
        do {
            try await store.close(at: ClockReading.now().wall)
        } catch {
            logger.error("the record could not be closed cleanly", metadata: ["err": "\(error)"])
        }
    }

    private func sample() {
        let now = ClockReading.now()
        let gauges = fleet.gauges
        let scrapes = metrics.scrapes.value
        let failures = metrics.failures.values.reduce(0) { $0 + $1.value }
        let before = lastTotals.withLock { totals in
            defer { totals = (scrapes, failures) }
            return totals
        }
        let sample = SecondSample(
            second: now.wall / 1000, queued: gauges.queued, inFlight: gauges.inFlight,
            liveClients: gauges.liveClients, scrapes: scrapes - before.scrapes, failures: failures - before.failures)
        sink.note { $0.sampled(sample) }
    }

    /// - Returns: Whether the record could not be written: said in the log when it begins and when it ends.
    func flush(alreadyInTrouble: Bool) async -> Bool {
        let now = ClockReading.now()
        var (batch, taken, dropped) = sink.take(at: now.wall)
        metrics.recordDropped.increment(by: dropped)
        // States are noted outside the broker's lock, where an older one may come after a newer: what is written is what the
        // broker says now.
        for (index, state) in fleet.clientStates(of: batch.clients.map(\.fqdn)).enumerated() {
            if let state { batch.clients[index].take(state, now) } else { batch.clients[index].end() }
        }
        let gauges = fleet.gauges
        (batch.queued, batch.inFlight, batch.connections) = (gauges.queued, gauges.inFlight, gauges.connections)
        do {
            let outcome = try await store.write(batch)
            metrics.recordFlush.observe(nanoseconds: (NIODeadline.now() - now.deadline).nanoseconds)
            if case .recreated(let how) = outcome {
                logger.warning(
                    "the record's file was gone or damaged and has been made anew", metadata: ["how": "\(how)"])
                if case .startedAfresh = how { restate() }
            }
            if alreadyInTrouble { logger.info("the record is written again") }
            return false
        } catch is CancellationError {
            // The program stops: `close` writes it.
            sink.giveBack(taken)
            return alreadyInTrouble
        } catch {
            sink.giveBack(taken)
            metrics.recordErrors.increment()
            if !alreadyInTrouble {
                logger.error(
                    "the record cannot be written; scrapes go on, and writing is tried again and again",
                    metadata: ["err": "\(error)"])
            }
            return true
        }
    }

    /// A fresh file knows no client: it is told of all that are registered now.
    private func restate() {
        let states = fleet.clientStates()
        let now = ClockReading.now()
        sink.note { backlog in
            for state in states { backlog.clientChanged(state, at: now) }
        }
    }

    /// - Returns: Whether there may be more to remove.
    private func prune() async -> Bool {
        do {
            return try await store.prune(at: ClockReading.now().wall, retention: retention) > 0
        } catch is CancellationError {
            // The program stops; there is time for this after its next start.
        } catch {
            metrics.recordErrors.increment()
            logger.warning("old entries could not be removed from the record", metadata: ["err": "\(error)"])
        }
        return false
    }
}
