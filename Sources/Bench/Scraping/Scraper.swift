import NIOCore

/// Prometheus's side: absolute-form scrapes over keep-alive connections to a proxy, on one event loop. May be used from any thread.
final class Scraper: Sendable {
    private let loop: any EventLoop
    private let core: NIOLoopBound<ScraperCore>

    init(_ configuration: ScrapeConfiguration, on loop: any EventLoop) async throws {
        let address = try SocketAddress.makeAddressResolvingHost(
            configuration.proxy.host, port: configuration.proxy.port)
        self.loop = loop
        core = try await loop.submit {
            NIOLoopBound(ScraperCore(loop: loop, configuration: configuration, address: address), eventLoop: loop)
        }.get()
    }

    /// Begins to scrape, and to count.
    func start(_ load: Load) async throws { try await loop.submit { self.core.value.start(load) }.get() }

    /// What was seen since `start` or the last mark; counting begins anew, scraping goes on.
    func mark() async throws -> ScrapeWindow { try await loop.submit { self.core.value.mark() }.get() }

    /// Waits for what is in flight, at most for its timeout and grace, and closes the connections. The counts go on to the next `mark`.
    func stop() async throws { try await loop.flatSubmit { self.core.value.stop() }.get() }
}
