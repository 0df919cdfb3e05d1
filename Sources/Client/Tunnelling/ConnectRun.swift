import Addresses
import Failures
import NIOCore
import Tunnel
import Web

/// One connection that a scraper asked for (CONNECT): bytes pass between a stream of a tunnel and a target, both ways, and neither end looks at
/// them. Runs the actions of a `ConnectFlow` on the target's channel and on the stream, and owns the timer.
///
/// Confined to the client's event loop.
final class ConnectRun: ChannelInboundHandler, TunnelStream {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let stream: TunnelStreamID
    private let tunnel: TunnelConnection
    private let desk: ConnectDesk
    private var display = ""
    private var flow = ConnectFlow()
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var isCounted = false
    private var failure: (any Error)?

    init(_ stream: TunnelStreamID, of tunnel: TunnelConnection, desk: ConnectDesk) {
        self.stream = stream
        self.tunnel = tunnel
        self.desk = desk
    }

    /// - Parameters:
    ///   - request: `CONNECT host:port HTTP/1.1` and an empty line.
    ///   - deadline: for the connection to be made.
    func start(_ request: ByteBuffer, deadline: NIODeadline) {
        desk.metrics.tunnel.connectionsAsked.increment()
        let words = String(buffer: request).prefix { !$0.isNewline }.split(separator: " ")
        guard words.count == 3, let authority = Authority(words[1]), !authority.host.isEmpty,
            let port = authority.port, port > 0
        else { return fail(.targetRefused, "what to connect to can't be read") }
        display = authority.description
        let host = authority.host
        let place: TargetRequest.Place
        do throws(TargetPolicy.Refusal) {
            place = try desk.offers.policy.admitConnection(host: host, port: port)
        } catch {
            return fail(.targetRefused, error.explanation)
        }
        guard desk.began() else {
            return fail(.scrapeFailed, "the client has too many connections open (--scrape.max-in-flight)")
        }
        isCounted = true
        timer = desk.client.loop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.fail(.targetTimeout, "the target did not take the connection in time")
        }
        desk.client.open(desk.client.opaqueRoute(host: place.host, port: place.port), isOpaque: true, for: self) {
            result in
            switch result {
            case .success: self.perform(self.flow.connected())
            case .failure(let failure):
                self.fail(.targetUnreachable, "could not connect to the target: \(failure.explanation)")
            }
        }
    }

    private func fail(_ kind: FailureKind, _ explanation: String) { perform(flow.failed(kind, explanation)) }

    // MARK: TunnelStream

    func received(_ bytes: ByteBuffer) { perform(flow.proxySent(bytes)) }
    func proxyEnded() { perform(flow.proxyEnded()) }
    func becameHungry() { perform(flow.becameHungry(pending: tunnel.pendingBytes(of: stream))) }
    func finished() { perform(flow.finished()) }
    func reset(_ explanation: String) { perform(flow.wasReset()) }

    // MARK: ChannelHandler, on the target's connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Channels without the option, such as those of tests, end both ways at once.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        perform(flow.attached())
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(flow.targetSent(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        perform(flow.readEnded(pending: tunnel.pendingBytes(of: stream)))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { perform(flow.targetEnded()) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(flow.targetClosed(failure.map(OutboundFailure.describe)))
        context.fireChannelInactive()
    }

    // MARK: Actions

    private func perform(_ actions: [ConnectFlow.Action]) {
        for action in actions {
            switch action {
            case .tellConnected:
                timer?.cancel()
                tunnel.connected(stream)
            case .send(let bytes): tunnel.send(bytes, on: stream)
            case .sendEnd: tunnel.end(stream)
            case .write(let bytes): write(bytes)
            case .closeOutput:
                context?.close(mode: .output).assumeIsolated().whenComplete { _ in
                    self.perform(self.flow.outputClosed())
                }
            case .giveCredit(let bytes): tunnel.passedOn(bytes, of: stream)
            case .read: context?.read()
            case .close: context?.close(promise: nil)
            case .abort: context?.channel.closeWithReset()
            case .fail(let kind, let explanation): tellFailure(kind, explanation)
            }
        }
        if flow.isOver { release() }
    }

    private func write(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        context?.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenSuccess {
            self.perform(self.flow.written(count))
        }
    }

    private func tellFailure(_ kind: FailureKind, _ explanation: String) {
        desk.metrics.tunnel.countConnection(kind)
        desk.logger.debug(
            "connection failed",
            metadata: ["target": "\(display)", "failure": "\(kind.rawValue)", "reason": "\(explanation)"])
        tunnel.fail(stream, kind, display.isEmpty ? explanation : "failed to connect to \(display): \(explanation)")
    }

    private func release() {
        timer?.cancel()
        if isCounted { desk.ended() }
        isCounted = false
    }
}
