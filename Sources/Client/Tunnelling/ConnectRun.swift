import Addresses
import Failures
import NIOCore
import Tunnel
import Web

/// One connection that a scraper asked for (CONNECT): bytes pass between a stream of a tunnel and a target, both ways, and neither end looks at
/// them.
///
/// States: `.connecting` → `.open` (either side may have ended its bytes by then) → `.over`, and that from all of them. Each direction waits for
/// its far side: the target is read while the stream wants more, and the proxy has credit for what the target's socket has taken.
/// Confined to the client's event loop.
final class ConnectRun: ChannelInboundHandler, TunnelStream {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case connecting
        case open(targetEnded: Bool, proxyEnded: Bool)
        case over
    }

    private let stream: TunnelStreamID
    private let tunnel: TunnelConnection
    private let desk: ConnectDesk
    private var display = ""
    private var state = State.connecting
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var isCounted = false
    /// A read has been asked for, and has not brought anything yet.
    private var isReading = false
    /// All that the proxy sent has reached the target's socket, the end of it too.
    private var isDrained = false
    /// All that the target sent has gone out on the tunnel, the end of it too.
    private var isFinished = false
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
            case .success: self.connected()
            case .failure(let failure):
                self.fail(.targetUnreachable, "could not connect to the target: \(failure.explanation)")
            }
        }
    }

    private func connected() {
        // It may have been given up meanwhile.
        guard case .connecting = state else { return }
        timer?.cancel()
        state = .open(targetEnded: false, proxyEnded: false)
        tunnel.connected(stream)
    }

    // MARK: TunnelStream

    func received(_ bytes: ByteBuffer) {
        guard case .open(_, proxyEnded: false) = state, let context else { return }
        let count = bytes.readableBytes
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenSuccess {
            if case .over = self.state { return }
            self.tunnel.passedOn(count, of: self.stream)
        }
    }

    func proxyEnded() {
        guard case .open(let targetEnded, proxyEnded: false) = state else { return }
        state = .open(targetEnded: targetEnded, proxyEnded: true)
        // What was written before goes out first.
        context?.close(mode: .output).assumeIsolated().whenComplete { _ in
            self.isDrained = true
            self.endIfDone()
        }
    }

    func becameHungry() { readTarget() }

    func finished() {
        isFinished = true
        endIfDone()
    }

    func reset(_ explanation: String) {
        context?.channel.closeWithReset()
        end()
    }

    // MARK: ChannelHandler, on the target's connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard case .connecting = state else { return context.close(promise: nil) }
        // Channels without the option, such as those of tests, end both ways at once.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        isReading = true
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // It may come before the proxy knows that there is a connection: a server that speaks first.
        if case .connecting = state { connected() }
        guard case .open(targetEnded: false, _) = state else { return }
        tunnel.send(unwrapInboundIn(data), on: stream)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readTarget()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { targetEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        // Both have ended; what the target sent may still be on its way.
        case .open(targetEnded: true, proxyEnded: true), .over: break
        // The end of the second half is told as the end of all.
        case .open(targetEnded: false, proxyEnded: true) where failure == nil: targetEnded()
        case .connecting, .open:
            let explanation = failure.map(OutboundFailure.describe) ?? "it was closed"
            fail(.targetBroken, "the target broke the connection off: \(explanation)")
        }
        context.fireChannelInactive()
    }

    // MARK: What follows

    private func readTarget() {
        guard case .open(targetEnded: false, _) = state, !isReading, let context,
            tunnel.pendingBytes(of: stream) < TunnelSettings.highWater
        else { return }
        isReading = true
        context.read()
    }

    private func targetEnded() {
        if case .connecting = state { connected() }
        guard case .open(targetEnded: false, let proxyEnded) = state else { return }
        state = .open(targetEnded: true, proxyEnded: proxyEnded)
        tunnel.end(stream)
    }

    private func endIfDone() {
        if isDrained, isFinished { end() }
    }

    private func fail(_ kind: FailureKind, _ explanation: String) {
        if case .over = state { return }
        desk.metrics.tunnel.countConnection(kind)
        desk.logger.debug(
            "connection failed",
            metadata: ["target": "\(display)", "failure": "\(kind.rawValue)", "reason": "\(explanation)"])
        context?.close(promise: nil)
        end()
        tunnel.fail(stream, kind, display.isEmpty ? explanation : "failed to connect to \(display): \(explanation)")
    }

    private func end() {
        if case .over = state { return }
        state = .over
        timer?.cancel()
        context?.close(promise: nil)
        if isCounted { desk.ended() }
        isCounted = false
    }
}
