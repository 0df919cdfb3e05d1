import NIOCore
import NIOHTTP1
import NIOPosix

@testable import Bench

/// Just enough of a proxy for the load generators to be tried on, with faults on demand.
final class MiniProxy: Sendable {
    enum Fault: Sendable {
        case none
        /// Every scrape gets the answer to the scrape before it.
        case answersOthers
        /// Every body loses its last byte, and the connection ends there.
        case cutsShort
        /// Every scrape is answered 504 at once.
        case refuses
        /// Every scrape is answered, and then answered again.
        case answersTwice
        /// Every request is delivered to the client a second time.
        case deliversTwice
    }

    let address: ProxyAddress
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let loop: any EventLoop
    private let state: NIOLoopBound<MiniProxyState>

    init(_ fault: Fault = .none) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        self.loop = loop
        let state = try await loop.submit { NIOLoopBound(MiniProxyState(fault: fault, loop: loop), eventLoop: loop) }
            .get()
        self.state = state
        channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(MiniProxyHandler(state: state.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        address = ProxyAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    /// Returns once so many scrapes have been answered.
    func answered(_ count: Int) async throws {
        try await loop.flatSubmit { [state] in state.value.answered(count) }.get()
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }
}
