import Failures
import Logging
import NIOCore
import Wire

/// Carries one scrape out: runs the actions of a `ScrapeFlow` on the target's connection and on the response's sink, and owns its timer.
///
/// Confined to the client's event loop.
final class ScrapeRun: ExchangeDelegate, ResponseSinkDelegate {
    /// What all scrapes share.
    struct Surroundings {
        let client: OutboundClient
        let offers: OfferDesk
        let metrics: ClientMetrics
        let logger: Logger
    }

    private let shared: Surroundings
    private let sink: any ResponseSink
    private let began: NIODeadline
    private var deadline: NIODeadline
    private var isHead = false
    private var flow = ScrapeFlow()
    private var display = ""
    private var target: OutboundExchange?
    private var hasFailed = false
    private var timer: Scheduled<Void>?
    private var onEnd: ((ScrapeRun) -> Void)?

    /// A failure is reported even when the scrape's own time is up or unknown: it takes at most this long.
    private static let reportTime = TimeAmount.seconds(2)

    /// - Parameter onEnd: called once, when nothing of the scrape is left.
    init(_ shared: Surroundings, sink: any ResponseSink, onEnd: @escaping (ScrapeRun) -> Void) {
        self.shared = shared
        self.sink = sink
        self.onEnd = onEnd
        began = shared.client.loop.now
        deadline = began + Self.reportTime
        sink.delegate = self
    }

    /// Scrapes the target; its response goes to the sink.
    ///
    /// - Parameter deadline: of the whole scrape; without one it is refused.
    func start(_ request: PolledRequest, deadline givenDeadline: NIODeadline?) {
        let admitted: TargetRequest
        do {
            admitted = try shared.offers.policy.admit(request, deadline: givenDeadline, at: began)
        } catch {
            refuse(.targetRefused, error.explanation)
            return
        }
        display = admitted.display
        deadline = admitted.deadline
        isHead = request.isHead
        let place = admitted.place
        let route = shared.client.route(
            isHTTPS: admitted.isHTTPS, host: place.host, port: place.port, tls: place.tls)
        if admitted.authorization != nil, route.asksForwarder {
            refuse(
                .targetRefused,
                "the target's credential would pass an HTTP proxy in clear: name the target's host in NO_PROXY")
            return
        }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(1_024)
        admitted.write(for: route, into: &bytes)
        setTimer(.target)
        let exchange = OutboundExchange(
            shared.client, route: route, requestHead: bytes, isHead: isHead,
            isRepeatable: request.method == "GET" || isHead, chunks: .kept, delegate: self)
        target = exchange
        exchange.start()
    }

    /// Reports a failure without asking the target.
    func refuse(_ failure: FailureKind, _ explanation: String) {
        setTimer(.scrape)
        perform(flow.refused(failure, explanation))
    }

    /// Ends the scrape at once.
    func cancel() { perform(flow.cancelled()) }

    // MARK: Events of the target

    func exchangeOpened(_ exchange: OutboundExchange) {}
    func exchange(_ exchange: OutboundExchange, received head: ResponseHead) { perform(flow.headArrived(head)) }
    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer) { perform(flow.bodyArrived(body)) }

    func exchangeReadBatchEnded(_ exchange: OutboundExchange) {
        perform(flow.readBatchEnded(sinkWantsMore: sink.wantsMore))
    }

    func exchangeBecameWritable(_ exchange: OutboundExchange) {}

    func exchangeEnded(_ exchange: OutboundExchange) {
        target = nil
        shared.metrics.scrapeDuration.observe(nanoseconds: (shared.client.loop.now - began).nanoseconds)
        perform(flow.responseEnded())
    }

    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure) {
        target = nil
        let (kind, clause): (FailureKind, String) =
            switch failure.kind {
            case .unreachable, .refusedOnTheWay: (.targetUnreachable, "could not connect to the target")
            case .broken: (.targetBroken, "the target broke off its answer")
            case .malformed: (.targetBroken, "the target's answer is not HTTP")
            }
        perform(flow.targetFailed(kind, "\(clause): \(failure.explanation)"))
    }

    // MARK: Events of the sink

    func sinkBegan() { perform(flow.sinkBegan()) }
    func sinkWantsMore() { perform(flow.sinkWantsMore()) }
    func sinkClosed(error: String?) { perform(flow.sinkClosed(error: error)) }

    private func setTimer(_ limit: ScrapeFlow.Limit) {
        timer?.cancel()
        var time = deadline
        if limit == .target {
            // Early enough that the proxy hears of it before it gives the scrape up itself, and as late as can be.
            let twentieth = TimeAmount.nanoseconds((deadline - began).nanoseconds / 20)
            time = deadline - max(.zero, min(twentieth, .milliseconds(200)))
        }
        timer = shared.client.loop.assumeIsolated().scheduleTask(deadline: time) {
            if limit == .target { self.setTimer(.scrape) }
            self.perform(self.flow.limitPassed(limit))
        }
    }

    // MARK: Actions

    private func perform(_ actions: [ScrapeFlow.Action]) {
        for action in actions {
            switch action {
            case .readTarget: target?.read()
            case .begin(let head):
                sink.begin(head, isChunked: head.framing == .chunked && !isHead, deadline: deadline)
            case .write(let slice): sink.write(slice)
            case .flush: sink.flush()
            case .end: sink.end()
            case .fail(let failure, let explanation): fail(failure, explanation)
            case .abandonTarget:
                target?.cancel()
                target = nil
            case .abandonSink: sink.cancel()
            case .conclude(let conclusion): conclude(conclusion)
            }
        }
    }

    private func fail(_ failure: FailureKind, _ explanation: String) {
        hasFailed = true
        shared.metrics.count(failure)
        // A failure that is known when the time is up is still worth a moment: the record wants the reason.
        deadline = max(deadline, shared.client.loop.now + Self.reportTime)
        setTimer(.scrape)
        let text = display.isEmpty ? explanation : "failed to scrape \(display): \(explanation)"
        sink.fail(failure, text, deadline: deadline)
    }

    private func conclude(_ conclusion: ScrapeFlow.Conclusion) {
        timer?.cancel()
        if conclusion.sinkError != nil { shared.metrics.pushErrors.increment() }
        if let failure = conclusion.failure, !hasFailed { shared.metrics.count(failure) }
        shared.logger.debug(
            "scrape ended",
            metadata: [
                "scrape_id": "\(sink.scrapeID)", "url": "\(display)",
                "failure": "\(conclusion.failure?.rawValue ?? "none")",
                "reason": "\(conclusion.explanation ?? "")", "push_err": "\(conclusion.sinkError ?? "")",
                "milliseconds": "\((shared.client.loop.now - began).nanoseconds / 1_000_000)",
            ])
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(self)
    }
}
