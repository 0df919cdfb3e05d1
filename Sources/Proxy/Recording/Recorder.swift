import Logging
import NIOCore
import ServiceLifecycle
import Store
import Synchronization

/// Writes the record behind the proxy's back: facts are coalesced in memory as they come and written about every 1.5 s by one
/// thread of its own, so that no scrape ever waits for a disk.
final class Recorder: Service {
    /// How often the backlog is looked at: a registration is written at the next look, everything else every 1.5 s, so that it is on
    /// disk within two seconds of happening.
    private static let interval = Duration.milliseconds(250)
    private static let looksPerSample = 4
    private static let looksPerFlush = 6
    private static let flushesPerPrune = 40

    private let backlog: Mutex<RecordBacklog>
    /// The counters as they stood at the last sample.
    private let lastTotals = Mutex((scrapes: 0, failures: 0))
    private let file: RecordFile
    private let metrics: ProxyMetrics
    private let logger: Logger
    private let dispatcher: Dispatcher
    private let retention: Int64

    /// - Parameters:
    ///   - maxClients: How many may be registered at once.
    ///   - retention: How long gone clients and failures are kept, in milliseconds.
    init(
        file: RecordFile, dispatcher: Dispatcher, metrics: ProxyMetrics, logger: Logger, maxClients: Int,
        retention: Int64
    ) {
        self.backlog = Mutex(RecordBacklog(maxClients: maxClients))
        self.file = file
        self.metrics = metrics
        self.logger = logger
        self.retention = retention
        self.dispatcher = dispatcher
    }

    /// Entries that wait to be written.
    var backlogCount: Int { backlog.withLock { $0.count } }

    /// Takes facts in; costs a lock and a look-up, never the disk.
    func note(_ change: (inout RecordBacklog) -> Void) { backlog.withLock { change(&$0) } }

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
            guard isFlush || backlog.withLock({ $0.hasRegistrations }) else { continue }
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
            try await file.close(at: ClockReading.now().wall)
        } catch {
            logger.error("the record could not be closed cleanly", metadata: ["err": "\(error)"])
        }
    }

    private func sample() {
        let now = ClockReading.now()
        let gauges = dispatcher.gauges
        let scrapes = metrics.scrapes.value
        let failures = metrics.failures.values.reduce(0) { $0 + $1.value }
        let before = lastTotals.withLock { totals in
            defer { totals = (scrapes, failures) }
            return totals
        }
        let sample = SecondSample(
            second: now.wall / 1000, queued: gauges.queued, inFlight: gauges.inFlight,
            liveClients: gauges.liveClients, scrapes: scrapes - before.scrapes, failures: failures - before.failures)
        note { $0.sampled(sample) }
    }

    /// - Returns: Whether the record could not be written: said in the log when it begins and when it ends.
    private func flush(alreadyInTrouble: Bool) async -> Bool {
        let now = ClockReading.now()
        let (taken, coalesced) = backlog.withLock { backlog in
            let taken = backlog
            let batch = backlog.take(at: now.wall)
            metrics.recordDropped.increment(by: backlog.takeDropped())
            return (taken, batch)
        }
        // States are noted outside the broker's lock, where an older one may come after a newer: what is written is what the
        // broker says now.
        var batch = coalesced
        for (index, state) in dispatcher.clientStates(of: batch.clients.map(\.fqdn)).enumerated() {
            if let state { batch.clients[index].take(state, now) } else { batch.clients[index].end() }
        }
        let gauges = dispatcher.gauges
        (batch.queued, batch.inFlight) = (gauges.queued, gauges.inFlight)
        do {
            let outcome = try await file.write(batch)
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
            backlog.withLock { $0.giveBack(taken) }
            return alreadyInTrouble
        } catch {
            backlog.withLock { $0.giveBack(taken) }
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
        let states = dispatcher.clientStates()
        let now = ClockReading.now()
        note { backlog in
            for state in states { backlog.clientChanged(state, at: now) }
        }
    }

    /// - Returns: Whether there may be more to remove.
    private func prune() async -> Bool {
        do {
            return try await file.prune(at: ClockReading.now().wall, retention: retention) > 0
        } catch is CancellationError {
            // The program stops; there is time for this after its next start.
        } catch {
            metrics.recordErrors.increment()
            logger.warning("old entries could not be removed from the record", metadata: ["err": "\(error)"])
        }
        return false
    }
}
