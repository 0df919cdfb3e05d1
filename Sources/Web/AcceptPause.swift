import Glibc
import NIOCore

/// Stops accepting for a second when there is no descriptor, or no memory, for another connection.
///
/// The socket stays readable meanwhile, so accepting must stop being asked for. NIO's own `AcceptBackoffHandler` only delays the next
/// `read`, and after an `accept` that failed the last one still stands: the event loop would spin.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.seconds(1)

    private let metrics: WebMetrics
    private var isPaused = false

    init(metrics: WebMetrics) { self.metrics = metrics }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        guard !isPaused else { return }
        isPaused = true
        metrics.acceptFailures.increment()
        // Fails only on a channel that is closed, which accepts nothing more anyway.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
