import NIOCore
import NIOPosix

/// The part of a fleet that lives on one event loop: every `stride`-th client, beginning with `first`.
final class FleetCore {
    /// Connections that may be under way at once while the fleet is brought up.
    static let connectingLimit = 64

    let loop: any EventLoop
    let configuration: FleetConfiguration
    var counts = FleetCounts()
    private(set) var stopped = false

    private let address: SocketAddress
    private let payload: Payload
    private let first: Int
    private let stride: Int
    private var random: SeededRandom
    private var ledger = TokenLedger()
    private var nextClient: Int
    private var wanted = 0
    private var connecting = 0
    private var channels: [ObjectIdentifier: any Channel] = [:]
    private var whenConnected: [EventLoopPromise<Void>] = []
    private lazy var sharedPushes = PushPool(fleet: self, limit: max(1, configuration.sharedPushConnections ?? 1))

    init(
        loop: any EventLoop, configuration: FleetConfiguration, address: SocketAddress, payload: Payload, first: Int,
        stride: Int
    ) {
        self.loop = loop
        self.configuration = configuration
        self.address = address
        self.payload = payload
        self.first = first
        self.stride = stride
        nextClient = first
        random = SeededRandom(seed: configuration.seed &+ UInt64(first))
    }

    /// Brings the whole fleet to `total` clients; done when this part's poll connections are open.
    func grow(to total: Int) -> EventLoopFuture<Void> {
        wanted = total
        let promise = loop.makePromise(of: Void.self)
        whenConnected.append(promise)
        connectMore()
        return promise.futureResult
    }

    private func connectMore() {
        while connecting < Self.connectingLimit, nextClient < wanted {
            let pushes = configuration.sharedPushConnections == nil ? PushPool(fleet: self, limit: 1) : sharedPushes
            let client = FleetClient(index: nextClient, configuration: configuration)
            nextClient += stride
            connecting += 1
            connect(client, pushes)
        }
        if connecting == 0, nextClient >= wanted {
            for promise in whenConnected { promise.succeed(()) }
            whenConnected.removeAll()
        }
    }

    private func connect(_ client: FleetClient, _ pushes: PushPool) {
        connect(PollHandler(client: client, pushes: pushes, fleet: self)).assumeIsolated().whenFailure { _ in
            self.counts.connectErrors += 1
            self.after(.milliseconds(200)) { self.connect(client, pushes) }
        }
    }

    func pollConnected() {
        counts.connected += 1
        // A reconnection is not one of those that `grow` waits for: it waits for none by then.
        if connecting > 0 { connecting -= 1 }
        connectMore()
    }

    func pollConnectionLost(_ client: FleetClient, _ pushes: PushPool) {
        counts.connected -= 1
        guard !stopped else { return }
        counts.connectionsLost += 1
        after(.seconds(1)) { self.connect(client, pushes) }
    }

    func answer(_ request: PolledScrape, from client: FleetClient, on pushes: PushPool) {
        if configuration.noticesRepeats, let token = request.token, !ledger.insert(token) { counts.repeats += 1 }
        let push = client.answer(request, size: configuration.sizes.pick(&random), payload: payload)
        if configuration.delay.nanoseconds == 0 {
            pushes.push(push)
        } else {
            after(.nanoseconds(configuration.delay.nanoseconds)) { pushes.push(push) }
        }
    }

    /// Connects to the proxy with `handler` as the whole pipeline.
    func connect(_ handler: some ChannelHandler) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(handler, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 65_536)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(to: address)
    }

    /// Runs `work` later, unless the fleet has been stopped by then.
    func after(_ time: TimeAmount, _ work: @escaping () -> Void) {
        loop.assumeIsolated().scheduleTask(in: time) { if !self.stopped { work() } }
    }

    func opened(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = channel
        if stopped { channel.close(promise: nil) }
    }

    func closed(_ channel: any Channel) { channels[ObjectIdentifier(channel)] = nil }

    func stop() {
        stopped = true
        for promise in whenConnected { promise.fail(CancellationError()) }
        whenConnected.removeAll()
        for channel in channels.values { channel.close(promise: nil) }
    }
}
