import NIOCore

/// Misbehaving clients beside a steady fleet. May be used from any thread.
final class Chaos: Sendable {
    private let loop: any EventLoop
    private let core: NIOLoopBound<ChaosCore>

    init(_ configuration: ChaosConfiguration, on loop: any EventLoop) async throws {
        let address = try SocketAddress.makeAddressResolvingHost(
            configuration.proxy.host, port: configuration.proxy.port)
        self.loop = loop
        core = try await loop.submit {
            NIOLoopBound(ChaosCore(loop: loop, configuration: configuration, address: address), eventLoop: loop)
        }.get()
    }

    func start() async throws { try await loop.submit { self.core.value.start() }.get() }
    func counts() async throws -> ChaosCounts { try await loop.submit { self.core.value.counts }.get() }

    /// Closes every connection; nothing more is begun.
    func stop() async throws { try await loop.submit { self.core.value.stop() }.get() }
}
