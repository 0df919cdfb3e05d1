import Access
import Failures
import Logging
import NIOCore
import NIOEmbedded
import Settings
import Testing
import Tunnel
import Wire

@testable import Proxy

/// A tunnel at the proxy on a channel without a socket, with a client's end at the other side.
@Suite("A tunnel's room") struct TunnelRoomTests {
    private let dispatcher: Dispatcher
    private let desk: AccessDesk
    private let channel = EmbeddedChannel()
    private let tunnel: TunnelConnection

    init() throws {
        let metrics = ProxyMetrics()
        var limits = BrokerLimits()
        limits.maxQueuedPerClient = 10_000
        dispatcher = Dispatcher(broker: Broker(limits: limits), sinks: [MetricsSink(metrics: metrics)])
        let yaml = "anonymous: {register: [a], scrape: [a]}"
        desk = AccessDesk(
            try AccessRules(file: AccessFile(SettingsFile.parse(Array(yaml.utf8), path: "access.yml"))))
        let service = TunnelService(
            dispatcher: dispatcher, access: desk, metrics: metrics, agents: AgentNames(), settings: TunnelSettings(),
            clocks: TunnelClocks(channel.embeddedEventLoop, pingInterval: .seconds(15)), maxHeadBytes: 65_536,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        tunnel = TunnelConnection(
            service, on: channel.embeddedEventLoop, visitor: nil, address: nil, agent: nil)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(tunnel)
    }

    private func pass(_ action: AccessAction) throws -> Pass {
        guard case .pass(let pass) = desk.decide(nil as Visitor?, action, FQDN("a")) else {
            throw TestProxy.Missing(what: "a pass")
        }
        return pass
    }

    private func scrape() throws -> RecordedScraper {
        let scraper = RecordedScraper(try #require(FQDN("a")))
        dispatcher.scrapeArrived(scraper, by: try pass(.scrape))
        return scraper
    }

    private func client(streams: Int) throws -> ClientEnd {
        ClientEnd(TunnelSettings(), hello: Hello(names: [try #require(FQDN("a"))], streams: streams), at: .now())
    }

    /// Everything that either end has to say gets to the other one.
    ///
    /// - Returns: The streams that were opened.
    private func exchange(_ client: inout ClientEnd) throws -> [TunnelStreamID] {
        var opened: [TunnelStreamID] = []
        var isMoving = true
        while isMoving {
            isMoving = false
            while let output = client.takeOutput(atMost: 65_536) {
                try channel.writeInbound(output)
                isMoving = true
            }
            while let output = try channel.readOutbound(as: ByteBuffer.self) {
                client.received(output, at: .now())
                isMoving = output.readableBytes > 0 || isMoving
            }
            while let event = client.next(at: .now()) {
                if case .opened(let stream, _, _, _) = event { opened.append(stream) }
            }
        }
        return opened
    }

    @Test("is what its windows allow, whatever the client asks for: what is beyond waits for whoever has room")
    func capacity() throws {
        var client = try client(streams: 10_000)
        _ = try exchange(&client)
        for _ in 0..<1_030 { _ = try scrape() }
        #expect(try exchange(&client).count == 1_024)
        #expect(dispatcher.gauges.inFlight == 1_024 && dispatcher.gauges.queued == 6 && tunnel.waiting.isEmpty)
    }

    @Test("is given back at the shutdown by what was handed over and has not been opened; then the tunnel closes")
    func shutdown() throws {
        var client = try client(streams: 1)
        _ = try exchange(&client)
        // As when the broker knows already that a stream has ended, and the tunnel does not.
        _ = dispatcher.namesChanged(try #require(tunnel.delivery), by: [try pass(.register)], capacity: 2)
        let scrapers = [try scrape(), try scrape()]
        let opened = try exchange(&client)
        #expect(opened.count == 1 && tunnel.waiting.count == 1)
        _ = dispatcher.shutDown(on: channel.embeddedEventLoop)
        #expect(scrapers.map(\.failed) == [nil, .shuttingDown] && tunnel.waiting.isEmpty)
        for stream in opened {
            client.send(stream, ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n"))
            client.end(stream)
        }
        _ = try exchange(&client)
        #expect(client.isOver)
    }
}
