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
        if configuration.isTunnelled { return connectTunnel(client) }
        connect(PollHandler(client: client, pushes: pushes, fleet: self)).assumeIsolated().whenFailure { _ in
            self.counts.connectErrors += 1
            self.after(.milliseconds(200)) { self.connect(client, pushes) }
        }
    }

    private func connectTunnel(_ client: FleetClient) {
        connect(TunnelHandler(client: client, fleet: self)).assumeIsolated().whenFailure { _ in
            self.counts.connectErrors += 1
            self.after(.milliseconds(200)) { self.connectTunnel(client) }
        }
    }

    func tunnelLost(_ client: FleetClient) {
        counts.connected -= 1
        guard !stopped else { return }
        counts.connectionsLost += 1
        after(.seconds(1)) { self.connectTunnel(client) }
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
        notice(request)
        let push = client.answer(request, size: configuration.sizes.pick(&random), payload: payload)
        inTime { pushes.push(push) }
    }

    /// The same through a tunnel: `send` gets the response in two pieces.
    func answer(
        _ request: PolledScrape, from client: FleetClient,
        send: @escaping (_ head: ByteBuffer, _ rest: ByteBuffer) -> Void
    ) {
        notice(request)
        let (head, rest) = client.response(request, size: configuration.sizes.pick(&random), payload: payload)
        inTime { send(head, rest) }
    }

    private func notice(_ request: PolledScrape) {
        if configuration.noticesRepeats, let token = request.token, !ledger.insert(token) { counts.repeats += 1 }
    }

    private func inTime(_ answer: @escaping () -> Void) {
        if configuration.delay.nanoseconds == 0 {
            answer()
        } else {
            after(.nanoseconds(configuration.delay.nanoseconds), answer)
        }
    }

    /// Connects to the proxy with `handler` as the whole pipeline.
    func connect(_ handler: some ChannelHandler) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(handler, eventLoop: loop)
        let proxy = configuration.proxy
        return ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 65_536)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try LoadTLS.addHandler(to: channel, for: proxy)
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
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
