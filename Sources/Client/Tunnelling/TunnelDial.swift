import NIOCore
import Settings
import Tunnel
import Wire

/// One attempt at a tunnel, from the connection to the answer with which the proxy gives it out of its hands as a WebSocket.
///
/// States: `.connecting` → `.asking` (the request is sent) → `.refused` (an answer without a tunnel, of which more may come) → `.over`, and
/// that from all of them. Confined to the client's event loop.
final class TunnelDial: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Where the tunnel begins: what follows the answer's head on the connection is WebSocket.
    struct Opened {
        let channel: any Channel
        /// What came along with the answer.
        let bytes: ByteBuffer
    }

    /// For the answer, once there is a connection.
    static let patience = TimeAmount.seconds(10)
    private static let maxInterimResponses = 16
    /// As much of a refusal's body as its first line needs, in bytes.
    private static let maxSentenceBytes = 4_096

    private enum State {
        case connecting
        case asking(HeadParser, received: ByteBuffer, interim: Int)
        case refused(ResponseHead, BodyDecoder, rest: ByteBuffer, body: ByteBuffer)
        case over
    }

    private let loop: any EventLoop
    private let request: ByteBuffer
    private let handshake: WebSocketHandshake
    private let secrets: [Secret]
    private var state = State.connecting
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var failure: (any Error)?
    private var report: ((Result<Opened, NoTunnel>) -> Void)?

    /// - Parameters:
    ///   - request: its whole head, with the fields of the handshake.
    ///   - secrets: values of its fields.
    ///   - report: called once, on the event loop, unless the attempt is given up before.
    init(
        on loop: any EventLoop, request: ByteBuffer, handshake: WebSocketHandshake, hiding secrets: [Secret],
        report: @escaping (Result<Opened, NoTunnel>) -> Void
    ) {
        self.loop = loop
        self.request = request
        self.handshake = handshake
        self.secrets = secrets
        self.report = report
    }

    /// The connection could not be made, or could: then the pipeline has this handler by now.
    func connected(_ result: Result<Void, OutboundFailure>, isOpaque: Bool) {
        if case .failure(let failure) = result { fail(NoTunnel(connecting: failure, isOpaque: isOpaque)) }
    }

    /// Nothing is reported any more.
    func cancel() {
        report = nil
        end()
    }

    // MARK: ChannelHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard report != nil else { return context.close(promise: nil) }
        state = .asking(
            HeadParser(.response, maxBytes: ResponseParser.maxHeadBytes), received: ByteBuffer(), interim: 0)
        timer = loop.assumeIsolated().scheduleTask(in: Self.patience) {
            self.fail(
                .unanswered(
                    "the request for one was not answered within \(Self.patience.nanoseconds / 1_000_000_000) s"))
        }
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch state {
        case .asking(let parser, var received, let interim):
            received.writeBuffer(&bytes)
            readHead(parser, received, interim)
        case .refused(let head, let decoder, var rest, let body):
            rest.writeBuffer(&bytes)
            readRefusal(head, decoder, rest, body)
        case .connecting, .over: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if report != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .refused(let head, _, _, let body) = state {
            fail(NoTunnel(head, body: body, hiding: secrets))
        } else {
            fail(NoTunnel(connecting: .broken(failure), isOpaque: false))
        }
        context.fireChannelInactive()
    }

    // MARK: The answer

    private func readHead(_ given: HeadParser, _ bytes: ByteBuffer, _ given2: Int) {
        var (parser, received, interim) = (given, bytes, given2)
        while true {
            let head: ResponseHead
            do throws(HeadError) {
                guard let parsed = try ResponseHead.parse(&received, with: &parser) else {
                    state = .asking(parser, received: received, interim: interim)
                    return
                }
                head = parsed
            } catch {
                return fail(.notOffered("the answer to the request for one is not HTTP: \(error.explanation)"))
            }
            if head.status == 101 { return open(head, received) }
            guard head.status >= 200 else {
                interim += 1
                guard interim <= Self.maxInterimResponses else {
                    return fail(
                        .notOffered("the request for one was answered with status \(head.status) again and again"))
                }
                continue
            }
            return readRefusal(head, BodyDecoder(head.framing), received, ByteBuffer())
        }
    }

    private func readRefusal(_ head: ResponseHead, _ given: BodyDecoder, _ bytes: ByteBuffer, _ before: ByteBuffer) {
        var (decoder, rest, body) = (given, bytes, before)
        // A body that is malformed ends where it can't be read on: the status says enough.
        while body.readableBytes < Self.maxSentenceBytes, let step = try? decoder.next(&rest) {
            switch step {
            case .bytes(var slice): body.writeBuffer(&slice)
            case .end: return fail(NoTunnel(head, body: body, hiding: secrets))
            case .needsMore:
                state = .refused(head, decoder, rest: rest, body: body)
                return
            }
        }
        fail(NoTunnel(head, body: body, hiding: secrets))
    }

    private func open(_ head: ResponseHead, _ rest: ByteBuffer) {
        do throws(WebSocketHandshake.Mismatch) {
            try handshake.check(head)
        } catch {
            return fail(.notOffered("the answer to the request for one opens none: \(error.explanation)"))
        }
        guard let context, let report else { return }
        state = .over
        timer?.cancel()
        self.report = nil
        let channel = context.channel
        // Takes effect at once: what comes next finds the handler that the report puts here.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        report(.success(Opened(channel: channel, bytes: rest)))
    }

    private func fail(_ failure: NoTunnel) {
        let report = report
        self.report = nil
        end()
        report?(.failure(failure))
    }

    private func end() {
        state = .over
        timer?.cancel()
        context?.close(promise: nil)
    }
}
