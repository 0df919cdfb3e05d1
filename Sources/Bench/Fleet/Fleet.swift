import NIOCore

/// Simulated clients that speak version 1 of the protocol over real sockets: each keeps a poll open, and answers every scrape with a
/// push on another connection. May be used from any thread.
final class Fleet: Sendable {
    private let parts: [(loop: any EventLoop, core: NIOLoopBound<FleetCore>)]
    private let clients: Int

    /// Nothing is connected before `start`. One part of the fleet runs on each of `loops`.
    init(_ configuration: FleetConfiguration, on loops: [any EventLoop]) async throws {
        let address = try SocketAddress.makeAddressResolvingHost(
            configuration.proxy.host, port: configuration.proxy.port)
        let payload = Payload(largest: configuration.sizes.largest)
        var parts: [(any EventLoop, NIOLoopBound<FleetCore>)] = []
        for (index, loop) in loops.enumerated() {
            let core = try await loop.submit {
                NIOLoopBound(
                    FleetCore(
                        loop: loop, configuration: configuration, address: address, payload: payload, first: index,
                        stride: loops.count), eventLoop: loop)
            }.get()
            parts.append((loop, core))
        }
        self.parts = parts
        clients = configuration.clients
    }

    /// Returns when every client has its poll connection open and its poll written.
    func start() async throws { try await grow(to: clients) }

    /// Adds clients until there are `total`; a smaller number changes nothing.
    func grow(to total: Int) async throws {
        let grown = parts.map { part in part.loop.flatSubmit { part.core.value.grow(to: total) } }
        for part in grown { try await part.get() }
    }

    func counts() async throws -> FleetCounts {
        var sum = FleetCounts()
        for part in parts { sum = sum + (try await part.loop.submit { part.core.value.counts }.get()) }
        return sum
    }

    /// Closes every connection. The fleet cannot be started again.
    func stop() async throws {
        for part in parts { try await part.loop.submit { part.core.value.stop() }.get() }
    }
}
