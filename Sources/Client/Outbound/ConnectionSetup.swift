import NIOCore
import NIOSSL
import NIOTLS
import Settings
import Wire

/// Does what a fresh TCP connection needs before it can carry requests, step by step, then leaves the pipeline and reports.
///
/// States: `.handshaking` and `.tunnelling`, as the steps want it, → `.over`, from any of them after a failure. No bytes come up
/// to here while `.handshaking`: the TLS handler passes plaintext on only after it has reported its handshake's end, and then
/// this handler has gone on. Confined to its channel's event loop.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Step {
        /// - Parameters:
        ///   - host: whom the certificate must be for; a name or an address.
        ///   - isVerified: whether it must.
        case tls(NIOSSLContext, host: String, isVerified: Bool = true)
        /// CONNECT through an HTTP proxy.
        case tunnel(authority: String, credentials: Secret?)
    }

    private enum State {
        case handshaking(NIOSSLClientHandler, host: String, ServerIdentity, isVerified: Bool)
        case tunnelling(ResponseParser)
        case over
    }

    private var remaining: ArraySlice<Step>
    private var state = State.over
    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?
    private var report: ((Result<Void, OutboundFailure>) -> Void)?

    /// - Parameter report: called once, on the event loop. After a failure the channel is closed.
    init(_ steps: [Step], timeout: TimeAmount, report: @escaping (Result<Void, OutboundFailure>) -> Void) {
        remaining = steps[...]
        self.timeout = timeout
        self.report = report
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            let explanation = "the connection was not ready within \(self.timeout.nanoseconds / 1_000_000_000) s"
            self.fail(OutboundFailure(kind: .unreachable, explanation: explanation), context)
        }
        advance(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .tunnelling(var parser) = state else { return }
        parser.receive(unwrapInboundIn(data))
        do {
            guard case .head(let head) = try parser.next() else {
                state = .tunnelling(parser)
                return
            }
            guard head.status / 100 == 2 else {
                let explanation = "the HTTP proxy refused the tunnel with status \(head.status)"
                fail(OutboundFailure(kind: .refusedOnTheWay(status: head.status), explanation: explanation), context)
                return
            }
            // Whoever answers at the tunnel's other end waits for our handshake. What comes before it would be lost to it.
            guard !parser.hasMore else {
                let explanation = "the HTTP proxy sent something else than the tunnel that it agreed to"
                fail(OutboundFailure(kind: .unreachable, explanation: explanation), context)
                return
            }
            advance(context)
        } catch {
            let explanation = "the HTTP proxy's answer is malformed: \(error.explanation)"
            fail(OutboundFailure(kind: .unreachable, explanation: explanation), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if report != nil { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event,
            case .handshaking(let handler, let host, let identity, let isVerified) = state
        {
            // Nothing of ours has been written by now, so a stranger learns nothing.
            if !isVerified || handler.peerCertificate.map(identity.matches) == true {
                advance(context)
            } else {
                let explanation = "the certificate is not valid for \(host)"
                fail(OutboundFailure(kind: .unreachable, explanation: explanation), context)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.unreachable(error), context) }

    func channelInactive(context: ChannelHandlerContext) {
        let explanation =
            switch state {
            case .handshaking: "the connection was closed during the TLS handshake"
            case .tunnelling, .over: "the HTTP proxy closed the connection"
            }
        fail(OutboundFailure(kind: .unreachable, explanation: explanation), context)
        context.fireChannelInactive()
    }

    private func advance(_ context: ChannelHandlerContext) {
        guard let step = remaining.popFirst() else {
            finish(context)
            return
        }
        switch step {
        case .tunnel(let authority, let credentials):
            state = .tunnelling(ResponseParser(isHead: true, chunks: .removed))
            var request = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
            if let credentials { request += "Proxy-Authorization: \(credentials.exposed)\r\n" }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request + "\r\n")), promise: nil)
        case .tls(let sslContext, let host, let isVerified):
            let identity = ServerIdentity(host: host)
            do {
                let handler = try NIOSSLClientHandler(context: sslContext, serverHostname: identity.serverName)
                state = .handshaking(handler, host: host, identity, isVerified: isVerified)
                // The handshake begins as the handler is added: the channel is active.
                try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
            } catch {
                fail(.unreachable(error), context)
            }
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        state = .over
        timer?.cancel()
        guard let report else { return }
        self.report = nil
        // Takes effect at once: what came along with the last step finds the handler that the report puts here.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        report(.success(()))
    }

    private func fail(_ failure: OutboundFailure, _ context: ChannelHandlerContext) {
        timer?.cancel()
        guard let report else { return }
        self.report = nil
        state = .over
        context.close(promise: nil)
        report(.failure(failure))
    }
}
