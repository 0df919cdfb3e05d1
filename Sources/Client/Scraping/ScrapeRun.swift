import Failures
import Logging
import NIOCore
import Wire

/// Carries one scrape out: runs the actions of a `ScrapeFlow` on the target's and the proxy's connections, and owns its timer.
///
/// Confined to the client's event loop.
final class ScrapeRun: ExchangeDelegate {
    /// What all scrapes share.
    struct Surroundings {
        let client: OutboundClient
        let policy: TargetPolicy
        let endpoint: ProxyEndpoint
        let metrics: ClientMetrics
        let logger: Logger
    }

    private let shared: Surroundings
    private let writer: PushedResponseWriter
    private let request: PolledRequest?
    private let began: NIODeadline
    private var deadline: NIODeadline
    private var flow = ScrapeFlow()
    private var display = ""
    private var target: OutboundExchange?
    private var push: OutboundExchange?
    private var pushBegan: NIODeadline?
    private var pushStatus = 0
    private var outerChunks = false
    private var hasReported = false
    private var timer: Scheduled<Void>?
    private var onEnd: ((ScrapeRun) -> Void)?

    /// A failure is pushed even when the scrape's own time is up or unknown: it takes at most this long.
    private static let reportTime = TimeAmount.seconds(2)

    /// - Parameter onEnd: called once, when nothing of the scrape is left.
    init(_ shared: Surroundings, request: PolledRequest?, id: String, onEnd: @escaping (ScrapeRun) -> Void) {
        self.shared = shared
        self.request = request
        self.onEnd = onEnd
        writer = PushedResponseWriter(id: id)
        began = shared.client.loop.now
        deadline = began + Self.reportTime
    }

    /// Scrapes the target and pushes its response.
    func start() {
        guard let request else { return refuse(.targetRefused, "there is no request") }
        let admitted: TargetRequest
        do {
            admitted = try shared.policy.admit(request)
        } catch {
            refuse(.targetRefused, error.explanation)
            return
        }
        display = admitted.display
        deadline = began + admitted.timeout
        let route = shared.client.route(isHTTPS: admitted.isHTTPS, host: admitted.host, port: admitted.port)
        var bytes = ByteBuffer()
        bytes.reserveCapacity(1_024)
        admitted.write(for: route, into: &bytes)
        setTimer(.target)
        let exchange = OutboundExchange(
            shared.client, route: route, requestHead: bytes, isHead: request.isHead,
            isRepeatable: request.method == "GET" || request.isHead, chunks: .kept, delegate: self)
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

    // MARK: Events

    func exchangeOpened(_ exchange: OutboundExchange) {
        if exchange === push { perform(flow.pushOpened()) }
    }

    func exchange(_ exchange: OutboundExchange, received head: ResponseHead) {
        if exchange === target {
            perform(flow.headArrived(head))
        } else if exchange === push {
            pushStatus = head.status
        }
    }

    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer) {
        if exchange === target { perform(flow.bodyArrived(body)) }
    }

    func exchangeReadBatchEnded(_ exchange: OutboundExchange) {
        if exchange === target {
            perform(flow.readBatchEnded(pushIsWritable: push?.isWritable ?? false))
        } else if exchange === push {
            // A proxy that answers is heard at once, whether the push is complete or not.
            exchange.read()
        }
    }

    func exchangeBecameWritable(_ exchange: OutboundExchange) {
        if exchange === push { perform(flow.pushBecameWritable()) }
    }

    func exchangeEnded(_ exchange: OutboundExchange) {
        if exchange === target {
            target = nil
            shared.metrics.scrapeDuration.observe(nanoseconds: (shared.client.loop.now - began).nanoseconds)
            perform(flow.responseEnded())
        } else if exchange === push {
            push = nil
            perform(flow.pushAnswered(status: pushStatus))
        }
    }

    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure) {
        if exchange === target {
            target = nil
            let (kind, clause): (FailureKind, String) =
                switch failure.kind {
                case .unreachable: (.targetUnreachable, "could not connect to the target")
                case .broken: (.targetBroken, "the target broke off its answer")
                case .malformed: (.targetBroken, "the target's answer is not HTTP")
                }
            perform(flow.targetFailed(kind, "\(clause): \(failure.explanation)"))
        } else if exchange === push {
            push = nil
            perform(flow.pushFailed(failure.explanation))
        }
    }

    private func setTimer(_ limit: ScrapeFlow.Limit) {
        timer?.cancel()
        var time = deadline
        if limit == .target {
            // Early enough that the proxy hears of it before it gives the scrape up itself, and as late as can be.
            let margin = min((deadline - began).nanoseconds / 20, 200_000_000)
            time = deadline - .nanoseconds(margin)
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
            case .pushWhole(let head, let parts): pushWhole(head, parts)
            case .openPush(let head): openPush(head)
            case .writePush(let bytes): writePush(bytes)
            case .flushPush: push?.flush()
            case .finishPush:
                if outerChunks { push?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
                push?.finish()
            case .report(let failure, let explanation): report(failure, explanation)
            case .abandonTarget:
                target?.cancel()
                target = nil
            case .abandonPush:
                push?.cancel()
                push = nil
            case .conclude(let conclusion): conclude(conclusion)
            }
        }
    }

    private var timeLeft: TimeAmount { deadline - shared.client.loop.now }

    private func innerHead(_ head: ResponseHead) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1_024)
        writer.writeHead(
            head, isChunked: head.framing == .chunked && request?.isHead == false, timeLeft: timeLeft,
            into: &buffer)
        return buffer
    }

    private func pushWhole(_ head: ResponseHead, _ parts: [ByteBuffer]) {
        let inner = innerHead(head)
        startPush(parts: parts, inner: inner, length: parts.reduce(inner.readableBytes) { $0 + $1.readableBytes })
    }

    private func openPush(_ head: ResponseHead) {
        let inner = innerHead(head)
        var length: Int?
        if case .length(let count) = head.framing {
            // A length near the largest number leaves no room for the head: such a push goes without one.
            let (sum, isTooLarge) = inner.readableBytes.addingReportingOverflow(count)
            length = isTooLarge ? nil : sum
        }
        outerChunks = length == nil
        startPush(parts: nil, inner: inner, length: length)
    }

    /// - Parameter parts: the response's whole body; `nil` where it is streamed.
    private func startPush(parts: [ByteBuffer]?, inner: ByteBuffer, length: Int?) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(512 + inner.readableBytes)
        shared.endpoint.writePushHead(length: length, into: &bytes)
        if outerChunks { bytes.writeString(String(inner.readableBytes, radix: 16) + "\r\n") }
        bytes.writeImmutableBuffer(inner)
        if outerChunks { bytes.writeStaticString("\r\n") }
        pushBegan = shared.client.loop.now
        shared.metrics.pushBytes.increment(by: (parts ?? []).reduce(inner.readableBytes) { $0 + $1.readableBytes })
        let exchange = OutboundExchange(
            shared.client, route: shared.endpoint.route, requestHead: bytes,
            requestBody: parts.map { .complete($0) } ?? .streamed, delegate: self)
        push = exchange
        exchange.start()
    }

    private func writePush(_ bytes: ByteBuffer) {
        shared.metrics.pushBytes.increment(by: bytes.readableBytes)
        guard outerChunks else {
            push?.write(bytes)
            return
        }
        push?.write(ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n"))
        push?.write(bytes)
        push?.write(ByteBuffer(staticString: "\r\n"))
    }

    private func report(_ failure: FailureKind, _ explanation: String) {
        hasReported = true
        shared.metrics.count(failure)
        // A failure that is known when the time is up is still worth a moment: the record wants the reason.
        deadline = max(deadline, shared.client.loop.now + Self.reportTime)
        setTimer(.scrape)
        var bytes = ByteBuffer()
        let text = display.isEmpty ? explanation : "failed to scrape \(display): \(explanation)"
        writer.writeFailure(failure, text: text, timeLeft: timeLeft, into: &bytes)
        outerChunks = false
        startPush(parts: [], inner: bytes, length: bytes.readableBytes)
    }

    private func conclude(_ conclusion: ScrapeFlow.Conclusion) {
        timer?.cancel()
        let now = shared.client.loop.now
        if let pushBegan { shared.metrics.pushDuration.observe(nanoseconds: (now - pushBegan).nanoseconds) }
        if conclusion.pushError != nil { shared.metrics.pushErrors.increment() }
        if let failure = conclusion.failure, !hasReported { shared.metrics.count(failure) }
        shared.logger.debug(
            "scrape ended",
            metadata: [
                "scrape_id": "\(writer.id)", "url": "\(display)",
                "failure": "\(conclusion.failure?.rawValue ?? "none")",
                "reason": "\(conclusion.explanation ?? "")", "push_err": "\(conclusion.pushError ?? "")",
                "milliseconds": "\((now - began).nanoseconds / 1_000_000)",
            ])
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(self)
    }
}
