import Logging
import NIOCore
import NIOSSL
import NIOTLS

import func Glibc.time

/// Stands before everything else on a connection to a TLS port until its handshake is done, and is gone then.
///
/// Until then it keeps to itself that the channel is active, and all that is read, so that what serves the connection begins when there
/// is something to serve.
///
/// Phases: `.greeting` → (the whole ClientHello is here) `.waiting` or `.shaking` → (there is a place) `.shaking` → `.over`. `.answering` is what becomes of a plain HTTP request: the answer is out, and what
/// the peer still sends is thrown away until it closes, for closing at once could destroy the answer. Confined to its channel's
/// event loop.
final class TLSDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case greeting
        case waiting(ClientHello)
        case shaking(ClientHello, NIOSSLServerHandler)
        case answering(discarded: Int)
        case over
    }

    /// What a peer may send out of turn, behind its ClientHello or its plain request; bytes.
    private static let maxSurplus = 65_536

    private let tls: ServerTLS
    private let handshakes: Handshakes
    private var phase = Phase.greeting
    private var received = ByteBuffer()
    private var id: HandshakeGate.ID?
    private var context: ChannelHandlerContext?

    init(_ tls: ServerTLS, _ handshakes: Handshakes) {
        self.tls = tls
        self.handshakes = handshakes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        id = handshakes.accepted(self, from: context.channel.remoteAddress?.ipAddress, on: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {}

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .greeting:
            received.writeBuffer(&bytes)
            greet(context)
        case .waiting:
            // Reading is off; these are the last bytes before the peer's end.
            received.writeBuffer(&bytes)
            if received.readableBytes > ClientHello.maxBytes + Self.maxSurplus { fail(.malformed) }
        case .shaking:
            context.fireChannelRead(data)
        case .answering(let discarded):
            phase = .answering(discarded: discarded + bytes.readableBytes)
            if discarded > Self.maxSurplus { context.close(promise: nil) }
        case .over:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .shaking = phase { context.fireChannelReadComplete() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .greeting, .waiting: failed(.peerClosed, nil)
        case .shaking, .answering, .over: break
        }
        context.fireChannelInactive()
        leave()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or time-out of the socket, which is closed then.
        if case .shaking = phase { failed(.peerClosed, error) }
        context.close(promise: nil)
    }

    // MARK: Before the handshake

    private func greet(_ context: ChannelHandlerContext) {
        switch ClientHello.look(at: received.readableBytesView) {
        case .incomplete: return
        case .notTLS: fail(.notTLS)
        case .http: answerPlainRequest(context)
        case .complete(let hello):
            phase = .waiting(hello)
            if let id, handshakes.helloArrived(id) { begin() } else { read(false) }
        }
    }

    /// As Go's `net/http` does, in its words.
    private func answerPlainRequest(_ context: ChannelHandlerContext) {
        failed(.plainHTTP, nil)
        phase = .answering(discarded: 0)
        received = ByteBuffer()
        let answer: StaticString =
            "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: answer)), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    /// There is a place for it now, unless it has gone meanwhile.
    func begin() {
        guard case .waiting(let hello) = phase, let context else { return }
        let handler = tls.makeHandler()
        do {
            // Last things first: the TLS handler begins as soon as it is there.
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(HandshakeWatch(self), position: .after(self))
            try pipeline.addHandler(handler, position: .after(self))
        } catch {
            // Only on a pipeline that is gone.
            fail(.other)
            return
        }
        phase = .shaking(hello, handler)
        read(true)
        let bytes = received
        received = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
    }

    /// Its time is over.
    func giveUp() {
        switch phase {
        case .greeting, .waiting, .shaking: fail(.timeout)
        case .answering, .over: context?.close(promise: nil)
        }
    }

    private func read(_ reads: Bool) {
        // Fails only on a channel that is closed.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    // MARK: The end of the handshake

    fileprivate func handshakeCompleted(_ watch: ChannelHandlerContext, applicationProtocol: String?) {
        guard case .shaking(let hello, let handler) = phase, let context else { return }
        let certificate = handler.peerCertificate.map { ShownCertificate($0) }
        if let refusal = tls.refusal(of: certificate, now: Int64(time(nil))) {
            failed(refusal, nil, certificate)
            leave()
            // Through the TLS handler, which says so to the peer.
            watch.close(promise: nil)
            return
        }
        phase = .over
        leave()
        let version: TLSSettings.Version = handler.tlsVersion == .tlsv13 ? .tls13 : .tls12
        handshakes.metrics.handshakeCompleted(version)
        let security = PeerSecurity(
            version: "TLSv\(version.rawValue)", serverName: hello.serverName, applicationProtocol: applicationProtocol,
            // One that nobody has checked says nothing about whose it is.
            certificate: tls.clientAuthentication.verifies ? certificate?.verified : nil)
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(TLSConnection(security), position: .after(watch.handler))
        } catch {
            // Only on a pipeline that is gone.
            context.close(promise: nil)
            return
        }
        watch.fireChannelActive()
        pipeline.removeHandler(context: watch, promise: nil)
        pipeline.removeHandler(context: context, promise: nil)
    }

    fileprivate func handshakeFailed(_ error: any Error) {
        guard case .shaking(_, let handler) = phase else { return }
        let certificate = handler.peerCertificate
        let reason = HandshakeFailure(
            error, certificate: certificate, authorities: tls.authorities, now: Int64(time(nil)))
        failed(reason, error, certificate.map { ShownCertificate($0) })
        // The TLS handler tells the peer why, and closes.
    }

    /// Ends the connection without a word, whatever phase it is in.
    private func fail(_ reason: HandshakeFailure) {
        failed(reason, nil)
        // From before the TLS handler, if there is one: no close_notify, for which there are no keys yet.
        context?.close(promise: nil)
    }

    private func failed(_ reason: HandshakeFailure, _ error: (any Error)?, _ certificate: ShownCertificate? = nil) {
        phase = .over
        received = ByteBuffer()
        handshakes.metrics.handshakeFailed(reason)
        let address = context?.remoteAddress?.ipAddress
        if let refused = RefusedCertificate(reason, certificate, address: address) { handshakes.refused(refused) }
        var metadata: Logger.Metadata = ["remote": "\(address ?? "")", "reason": "\(reason.rawValue)"]
        if let error { metadata["err"] = "\(error)" }
        handshakes.logger.debug("TLS handshake failed", metadata: metadata)
    }

    private func leave() {
        guard let id else { return }
        self.id = nil
        handshakes.left(id)
    }
}

/// Behind the TLS handler during the handshake: hears how it ends.
private final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let door: TLSDoor

    init(_ door: TLSDoor) { self.door = door }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            door.handshakeCompleted(context, applicationProtocol: name)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Nothing that a peer sends reaches what is behind, before the door is open.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelReadComplete(context: ChannelHandlerContext) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) { door.handshakeFailed(error) }
}
