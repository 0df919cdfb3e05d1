import NIOCore
import Wire

import struct Glibc.linger

/// One connection of ours that can carry requests: one exchange at a time, and idle in between.
///
/// Works on bytes, without NIO's HTTP codec: header fields survive byte for byte, and bodies pass uncopied.
///
/// States: `.idle` ⇄ `.busy`; `.closed` from both. A read is always outstanding while idle, so that the peer's closing is
/// noticed at once. Confined to its channel's event loop.
final class OutboundConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Busy {
        let exchange: OutboundExchange
        var parser: ResponseParser
        var requestEnded: Bool
        var answerBegan = false
    }

    private enum State {
        case idle
        case busy(Busy)
        case closed
    }

    let route: OutboundRoute
    /// Of the TLS context that it was made with (`ClientTLS.generation`).
    let tlsGeneration: Int
    private let client: OutboundClient
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var failure: (any Error)?

    init(route: OutboundRoute, client: OutboundClient, tlsGeneration: Int = 0) {
        self.route = route
        self.tlsGeneration = tlsGeneration
        self.client = client
    }

    var isOpen: Bool {
        if case .closed = state { return false }
        return context?.channel.isActive ?? false
    }

    // MARK: What exchanges do

    /// Sends the request. The connection must be idle.
    ///
    /// - Parameter wasKept: whether it has been idle before, and may have died meanwhile.
    func begin(_ exchange: OutboundExchange, wasKept: Bool) {
        guard case .idle = state, let context, isOpen else {
            exchange.connectionBegan(self, wasIdle: wasKept)
            exchange.failed(.broken(failure))
            return
        }
        let parser = ResponseParser(isHead: exchange.isHead, chunks: exchange.chunks)
        exchange.connectionBegan(self, wasIdle: wasKept)
        context.write(wrapOutboundOut(exchange.requestHead), promise: nil)
        switch exchange.requestBody {
        case .complete(let parts):
            state = .busy(Busy(exchange: exchange, parser: parser, requestEnded: true))
            for part in parts { context.write(wrapOutboundOut(part), promise: nil) }
            // Ahead of the flush, which may find the connection dead: an exchange that has failed has not opened.
            exchange.opened()
            context.flush()
        case .streamed:
            // The head goes out with the body's first bytes.
            state = .busy(Busy(exchange: exchange, parser: parser, requestEnded: false))
            exchange.opened()
        }
    }

    func read() { context?.read() }
    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }
    func flush() { context?.flush() }

    func finishRequest() {
        guard case .busy(var busy) = state else { return }
        busy.requestEnded = true
        state = .busy(busy)
        context?.flush()
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Whether all of the request has reached the socket. A peer that answers before it has read it may never read on, and the next
    /// request would wait behind this one.
    private var hasSentAll: Bool {
        // Channels without the option, such as those of tests, keep nothing back.
        ((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0) == 0
    }

    /// Closes with a reset, which nobody can take for the end of a message.
    func abort() {
        guard let context else { return }
        state = .closed
        guard let provider = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        // It can fail only on a socket that is gone already.
        provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    func close() {
        state = .closed
        context?.close(promise: nil)
    }

    // MARK: ChannelHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .busy(var busy) = state else {
            // Nothing was asked.
            close()
            return
        }
        busy.answerBegan = true
        busy.parser.receive(unwrapInboundIn(data))
        state = .busy(busy)
        deliver()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch state {
        // Where an exchange ended in this read and another began, that one hears of it: nothing has been asked for it yet.
        case .busy(let busy): busy.exchange.readBatchEnded()
        case .idle: context.read()
        case .closed: break
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .busy(let busy) = state, context.channel.isWritable { busy.exchange.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = state
        state = .closed
        client.connectionClosed(self)
        if case .busy(let busy) = last {
            if failure == nil, busy.answerBegan, busy.parser.mayEndHere {
                busy.exchange.ended()
            } else {
                busy.exchange.failed(.broken(failure), answerBegan: busy.answerBegan)
            }
        }
        context.fireChannelInactive()
    }

    /// Hands over what the parser has. The exchange may end, or abort this connection, in any of these calls.
    private func deliver() {
        while case .busy(var busy) = state {
            let event: ResponseParser.Event
            do {
                event = try busy.parser.next()
            } catch {
                close()
                busy.exchange.failed(
                    OutboundFailure(kind: .malformed, explanation: error.explanation), answerBegan: true)
                return
            }
            state = .busy(busy)
            switch event {
            case .head(let head): busy.exchange.received(head)
            case .body(let slice): busy.exchange.received(slice)
            case .needsMore: return
            case .end(let isReusable):
                if isReusable, busy.requestEnded, isOpen, hasSentAll {
                    state = .idle
                    client.connectionBecameIdle(self)
                } else if busy.requestEnded {
                    close()
                } else {
                    abort()
                }
                busy.exchange.ended()
                return
            }
        }
    }
}
