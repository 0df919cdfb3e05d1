import NIOCore
import Wire

/// Starts scrapes and keeps track of them: a bounded number at once.
///
/// Confined to the client's event loop.
final class ScrapeDispatcher {
    private let shared: ScrapeRun.Surroundings
    private let maxInFlight: Int
    private var runs: [ObjectIdentifier: ScrapeRun] = [:]

    /// Called when another scrape may begin after none could.
    var onRoom: (() -> Void)?
    private var onDrained: [() -> Void] = []

    init(_ shared: ScrapeRun.Surroundings, maxInFlight: Int) {
        self.shared = shared
        self.maxInFlight = maxInFlight
    }

    /// Whether to ask for more makes sense. Over the bound of scrapes, as many again may be told that there are too many; then the proxy
    /// has to wait.
    var hasRoom: Bool { runs.count < 2 * maxInFlight }

    func scrape(_ scrape: ReceivedScrape) {
        shared.metrics.scrapes.increment()
        let run = makeRun(scrape.sink)
        if runs.count > maxInFlight {
            shared.metrics.rejected.increment()
            run.refuse(.scrapeFailed, "the client has \(maxInFlight) scrapes in flight (--scrape.max-in-flight)")
        } else {
            run.start(scrape.request, deadline: scrape.deadline)
        }
    }

    /// Reports a scrape that can't even be read.
    func refuse(_ sink: any ResponseSink, _ explanation: String) {
        shared.metrics.scrapes.increment()
        makeRun(sink).refuse(.targetRefused, explanation)
    }

    /// Calls back when no scrape is left; at once when there is none.
    func drain(_ drained: @escaping () -> Void) {
        onDrained.append(drained)
        ended()
    }

    func cancelAll() {
        for run in Array(runs.values) { run.cancel() }
    }

    private func makeRun(_ sink: any ResponseSink) -> ScrapeRun {
        let run = ScrapeRun(shared, sink: sink) { run in
            let wasFull = !self.hasRoom
            self.runs[ObjectIdentifier(run)] = nil
            self.ended()
            if wasFull { self.onRoom?() }
        }
        runs[ObjectIdentifier(run)] = run
        shared.metrics.inFlight.set(runs.count)
        return run
    }

    private func ended() {
        shared.metrics.inFlight.set(runs.count)
        guard runs.isEmpty else { return }
        let drained = onDrained
        onDrained = []
        for call in drained { call() }
    }
}
