import Clients
import Failures
import NIOCore
import Synchronization
import Web
import Wire

/// One CONNECT, at Prometheus's end: waits for the broker; then the connection is its own, and bytes pass both ways.
///
/// States: waiting (an exchange of the connection) → open (the connection's last handler) → done. Each half ends by itself, when the side that sends
/// says so and all before has gone out. Bytes that the client's end has not taken stop the reading here.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop, but for what is atomic; what other threads may call hops there
/// first.
final class ConnectExchange: Exchange, ConnectPort, ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Given to the client's end and not taken by it, when reading stops; bytes. One read may come on top.
    private static let highWater = 65_536

    /// How long nothing may pass once the proxy shuts down.
    private static let lastIdle = TimeAmount.seconds(1)

    private enum State {
        case waiting
        case open(any ConnectSource)
        case done
    }

    private let request: ConnectRequest
    private let began: NIODeadline
    private let loop: any EventLoop
    private let connection: ServerConnection
    private let dispatcher: Dispatcher
    private let access: AccessDesk
    private let metrics: ProxyMetrics
    /// How long nothing may pass.
    private var maxIdle: TimeAmount
    private var state = State.waiting
    private var context: ChannelHandlerContext?
    /// Given to the client's end, and not taken by it; bytes.
    private var given = 0
    /// Of the client's end, not in the socket yet; bytes.
    private var unwritten = 0
    private var isReading = false
    private var scraperEnded = false
    private var clientEnded = false
    private var outputClosed = false
    private var hasFailed = false
    private var lastPassed = NIODeadline.distantPast
    private var idleTimer: Scheduled<Void>?
    /// Written on the event loop alone, so a store does where others add.
    private let toScraper = Atomic(0)
    private let toTarget = Atomic(0)

    init(
        _ request: ConnectRequest, connection: ServerConnection, loop: any EventLoop, dispatcher: Dispatcher,
        access: AccessDesk, metrics: ProxyMetrics, settings: ConnectSettings
    ) {
        self.request = request
        self.began = connection.requestBegan
        self.connection = connection
        self.loop = loop
        self.dispatcher = dispatcher
        self.access = access
        self.metrics = metrics
        maxIdle = settings.maxIdle
    }

    // MARK: Exchange

    func bodyEnded() {
        switch access.decide(connection.identity, .scrape, request.fqdn) {
        case .pass(let pass): dispatcher.scrapeArrived(self, by: pass)
        case .denied(let denial):
            state = .done
            dispatcher.denied(
                DeniedRequest(
                    denial, address: connection.peerAddress, kind: .connection(id, target: targetWithoutQuery)))
            connection.respond(denial.response)
        }
    }

    func connectionLost() {
        guard case .waiting = state else { return }
        state = .done
        dispatcher.scraperLeft(id, sent: nil, bytes: 0)
    }

    // MARK: ScrapePort

    var id: ScrapeID { request.id }
    var fqdn: FQDN { request.fqdn }
    var targetWithoutQuery: String { "CONNECT \(request.fqdn.urlHost):\(request.port)" }
    var deadline: NIODeadline { began + request.timeout }
    var sentBytes: Int { toScraper.load(ordering: .relaxed) }
    var takenBytes: Int { toTarget.load(ordering: .relaxed) }

    func writeRequest(into buffer: inout ByteBuffer, spelling: FQDN, by transport: Transport) {
        request.write(into: &buffer, spelling: spelling)
    }

    func fail(_ kind: FailureKind, detail: String) {
        loop.nowOrLater {
            switch self.state {
            case .done: break
            case .waiting:
                self.state = .done
                let status = kind.status ?? 504
                self.connection.respond(
                    .text(
                        status, "\(kind.sentence(detail)) (\(self.targetWithoutQuery), connection id \(self.id))",
                        fields: status == 503 ? [("Retry-After", "1")] : [], closes: true))
            case .open:
                self.finish()
                self.context?.channel.closeWithReset()
            }
        }
    }

    // MARK: ConnectPort

    func opened(_ source: any ConnectSource) {
        loop.nowOrLater {
            guard case .waiting = self.state else { return source.abort() }
            self.state = .open(source)
            let head = ByteBuffer(staticString: "HTTP/1.1 200 Connection established\r\n\r\n")
            let isOurs = self.connection.handOver(status: 200, head: head) { channel in
                try channel.syncOptions?.setOption(.autoRead, value: false)
                try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                try channel.pipeline.syncOperations.addHandler(self)
            }
            // The scraper has gone, and nobody has said so yet.
            if !isOurs { self.lose() }
        }
    }

    func windUp() {
        loop.nowOrLater {
            self.maxIdle = min(self.maxIdle, Self.lastIdle)
            if case .open = self.state { self.watchIdling() }
        }
    }

    func take(_ bytes: ByteBuffer) {
        loop.nowOrLater {
            guard case .open(let source) = self.state, let context = self.context else { return }
            let count = bytes.readableBytes
            let written = self.loop.makePromise(of: Void.self)
            self.unwritten += count
            context.writeAndFlush(self.wrapOutboundOut(bytes), promise: written)
            written.futureResult.assumeIsolated().whenSuccess {
                self.unwritten -= count
                self.lastPassed = self.loop.now
                self.toScraper.store(self.sentBytes + count, ordering: .relaxed)
                self.metrics.connectionBytes[.toScraper]?.increment(by: count)
                source.taken(count)
                self.closeOutputIfDone()
            }
        }
    }

    func takeEnd() {
        loop.nowOrLater {
            guard case .open = self.state else { return }
            self.clientEnded = true
            self.closeOutputIfDone()
        }
    }

    func taken(_ bytes: Int) {
        loop.nowOrLater {
            self.given -= bytes
            self.lastPassed = self.loop.now
            self.toTarget.store(self.takenBytes + bytes, ordering: .relaxed)
            self.metrics.connectionBytes[.toTarget]?.increment(by: bytes)
            self.readOn()
            self.endIfDone()
        }
    }
}

// MARK: ChannelHandler

extension ConnectExchange {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastPassed = loop.now
        watchIdling()
        readOn()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open(let source) = state else { return }
        let bytes = unwrapInboundIn(data)
        given += bytes.readableBytes
        lastPassed = loop.now
        source.take(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readOn()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { inputEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        // NIO tells of no closed input where that closes the connection.
        if outputClosed, !hasFailed { inputEnded() } else { lose() }
        context.fireChannelInactive()
    }

    private func inputEnded() {
        guard case .open(let source) = state, !scraperEnded else { return }
        scraperEnded = true
        source.takeEnd()
        endIfDone()
    }

    /// Behind all that was written: where the scraper has ended its half, NIO closes the whole connection at once, and drops what waits.
    private func closeOutputIfDone() {
        guard case .open = state, clientEnded, unwritten == 0, !outputClosed, let context else { return }
        let closed = loop.makePromise(of: Void.self)
        // Before it is asked for: a connection that closes as a whole has said so when `close` returns.
        closed.futureResult.assumeIsolated().whenComplete { _ in
            self.outputClosed = true
            self.endIfDone()
        }
        context.close(mode: .output, promise: closed)
    }

    private func readOn() {
        guard case .open = state, !isReading, !scraperEnded, given < Self.highWater, let context else { return }
        isReading = true
        context.read()
    }

    /// Both halves are done, and all has been passed on.
    private func endIfDone() {
        guard case .open = state, scraperEnded, clientEnded, outputClosed, given <= 0 else { return }
        finish()
        dispatcher.connectionEnded(id)
        context?.close(promise: nil)
    }

    private func lose() {
        guard case .open = state else { return }
        finish()
        dispatcher.scraperLeft(id, sent: 200, bytes: sentBytes)
    }

    private func finish() {
        state = .done
        idleTimer?.cancel()
        idleTimer = nil
    }

    private func watchIdling() {
        idleTimer?.cancel()
        idleTimer = loop.assumeIsolated().scheduleTask(deadline: lastPassed + maxIdle) {
            guard case .open = self.state else { return }
            guard self.lastPassed + self.maxIdle <= self.loop.now else { return self.watchIdling() }
            self.finish()
            self.dispatcher.connectionIdle(self.id)
            // A scraper that has ended its half waits for the rest: it must not take this for the end of that.
            if self.scraperEnded, !self.clientEnded {
                self.context?.channel.closeWithReset()
            } else {
                self.context?.close(promise: nil)
            }
        }
    }
}
