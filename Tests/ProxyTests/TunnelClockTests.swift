import Logging
import NIOCore
import NIOEmbedded
import Testing
import Tunnel

@testable import Proxy

@Suite("The clock of the tunnels of an event loop")
struct TunnelClockTests {
    private let loop = EmbeddedEventLoop()
    private let service: TunnelService

    init() {
        let metrics = ProxyMetrics()
        var settings = TunnelSettings()
        // A grid of 100 ms; who says nothing is given up after a second.
        settings.pingInterval = .milliseconds(6_400)
        settings.helloTimeout = .seconds(1)
        service = TunnelService(
            dispatcher: Dispatcher(broker: Broker(limits: .standard), sinks: []), access: .open, metrics: metrics,
            agents: AgentNames(), settings: settings, clocks: TunnelClocks(loop, pingInterval: settings.pingInterval),
            maxHeadBytes: 65_536, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func open() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: loop)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(
            TunnelConnection(service, on: loop, visitor: nil, address: nil, agent: nil))
        return channel
    }

    private func hasSaid(_ channel: EmbeddedChannel) throws -> Bool {
        try channel.readOutbound(as: ByteBuffer.self) != nil
    }

    @Test("comes for all whose time falls between two lines at once, and for nobody before his time")
    func together() throws {
        let first = try open()
        loop.advanceTime(by: .milliseconds(30))
        let second = try open()
        loop.advanceTime(by: .milliseconds(40))
        let third = try open()
        loop.advanceTime(by: .milliseconds(929))
        #expect(try !hasSaid(first) && !hasSaid(second) && !hasSaid(third))
        loop.advanceTime(by: .milliseconds(1))
        #expect(try hasSaid(first) && !hasSaid(second) && !hasSaid(third))
        loop.advanceTime(by: .milliseconds(99))
        #expect(try !hasSaid(second) && !hasSaid(third))
        loop.advanceTime(by: .milliseconds(1))
        #expect(try hasSaid(second) && hasSaid(third))
        loop.advanceTime(by: .seconds(60))
        for channel in [first, second, third] { #expect(!channel.isActive) }
    }

    @Test("does not come for one that has gone, nor keeps it")
    func gone() throws {
        weak var tunnel: TunnelConnection?
        let stays = try open()
        do {
            let channel = EmbeddedChannel(loop: loop)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            let opened = TunnelConnection(service, on: loop, visitor: nil, address: nil, agent: nil)
            try channel.pipeline.syncOperations.addHandler(opened)
            tunnel = opened
            #expect(tunnel != nil)
            channel.close(promise: nil)
            loop.run()
        }
        #expect(tunnel == nil)
        loop.advanceTime(by: .seconds(1))
        #expect(try hasSaid(stays))
    }

    @Test("has deadlines on lines that are never before them, and leaves alone what is beyond all lines")
    func lines() {
        let step = TimeAmount.nanoseconds(100)
        func rounded(_ time: UInt64) -> UInt64 {
            NIODeadline.uptimeNanoseconds(time).roundedUp(to: step).uptimeNanoseconds
        }
        #expect([0, 1, 99, 100, 101].map(rounded) == [0, 100, 100, 100, 200])
        #expect(NIODeadline.distantFuture.roundedUp(to: step) == .distantFuture)
        #expect(NIODeadline.uptimeNanoseconds(7).roundedUp(to: .zero) == .uptimeNanoseconds(7))
    }

}
