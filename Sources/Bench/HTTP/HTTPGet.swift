import NIOCore
import NIOPosix

/// A single GET on a connection of its own: `/clients`, `/metrics`.
enum HTTPGet {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
        /// From writing the request to the last byte of the answer.
        var seconds: Double
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Bodies beyond this are cut off, not refused.
    static let bodyLimit = 64 * 1_024 * 1_024

    /// - Parameter token: Shown as `Authorization`.
    static func get(
        _ path: String, from proxy: ProxyAddress, token: String? = nil, on loop: any EventLoop
    ) async throws -> Answer {
        let shown = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let request = ByteBuffer(
            string:
                "GET \(path) HTTP/1.1\r\nHost: \(proxy.authority)\r\nUser-Agent: pushprox-bench\r\n\(shown)Connection: close\r\n\r\n"
        )
        let promise = loop.makePromise(of: Answer.self)
        let connected = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try LoadTLS.addHandler(to: channel, for: proxy)
                    try channel.pipeline.syncOperations.addHandler(Handler(request: request, promise: promise))
                }
            }
            .connectTimeout(.seconds(5))
            .connect(host: proxy.host, port: proxy.port)
        connected.whenFailure { promise.fail($0) }
        let timeout = loop.scheduleTask(in: .seconds(30)) {
            promise.fail(Failure(description: "GET \(path) has had no answer from \(proxy) for 30 s"))
        }
        defer { timeout.cancel() }
        return try await promise.futureResult.get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let request: ByteBuffer
        private let promise: EventLoopPromise<Answer>
        private var scanner = ResponseScanner(keeping: HTTPGet.bodyLimit)
        private var written = NIODeadline.now()

        init(request: ByteBuffer, promise: EventLoopPromise<Answer>) {
            self.request = request
            self.promise = promise
        }

        func channelActive(context: ChannelHandlerContext) {
            written = .now()
            context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let progress = unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
                var offset = 0
                return scanner.bytesArrived(bytes, offset: &offset)
            }
            switch progress {
            case .needsMore: return
            case .complete: succeed()
            case .malformed(let what): promise.fail(Failure(description: "the proxy sent \(what)"))
            }
            context.close(promise: nil)
        }

        private func succeed() {
            promise.succeed(
                Answer(
                    status: scanner.status, body: scanner.kept,
                    seconds: Double((NIODeadline.now() - written).nanoseconds) / 1e9))
        }

        func channelInactive(context: ChannelHandlerContext) {
            if scanner.connectionEnded() {
                succeed()
            } else {
                promise.fail(Failure(description: "the proxy closed the connection before it had answered"))
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.fail(error)
            context.close(promise: nil)
        }
    }
}
