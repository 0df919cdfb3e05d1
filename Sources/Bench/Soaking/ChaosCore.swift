import NIOCore
import NIOPosix

/// The misbehaving clients, on one event loop. What they do follows from the seed; when they do it, from the machine as well.
final class ChaosCore {
    /// Bodies of scrapes that nobody reads, in bytes.
    static let largeAnswer = 6_000_000
    /// Tokens of scrapes that nobody reads begin here, so that their answers can be large.
    static let unreadTokens: UInt64 = 1 << 40
    /// As much is sent of a body without end, in bytes.
    static let endlessLimit = 6_000_000

    private let loop: any EventLoop
    let configuration: ChaosConfiguration
    private let address: SocketAddress
    private let payload = Payload(largest: ChaosCore.largeAnswer)
    /// Filler of `bytewise` pushes. No more, since a chunk costs a debug build 50 µs.
    let oneByteChunks = ByteBuffer(string: String(repeating: "1\r\nx\r\n", count: 3_000))
    var random: SeededRandom
    var counts = ChaosCounts()
    private(set) var stopped = false
    private var channels: [ObjectIdentifier: any Channel] = [:]
    /// The names behind those connections that are tunnels now.
    private var tunnelled: [ObjectIdentifier: String] = [:]

    init(loop: any EventLoop, configuration: ChaosConfiguration, address: SocketAddress) {
        self.loop = loop
        self.configuration = configuration
        self.address = address
        random = SeededRandom(seed: configuration.seed)
    }

    func start() {
        // Spread over two seconds, so that they do not act in step.
        for _ in 0..<configuration.actors { after(milliseconds: 0...2_000) { self.beginAct() } }
        for _ in 0..<configuration.holders { after(milliseconds: 0...2_000) { self.hold() } }
    }

    func stop() {
        stopped = true
        for channel in channels.values { channel.close(promise: nil) }
    }

    private func beginAct() {
        let acts = configuration.hasTunnels ? ChaosBehaviour.acts : ChaosBehaviour.actsWithoutTunnels
        guard let behaviour = acts.randomElement(using: &random) else { return }
        counts.begun[behaviour, default: 0] += 1
        perform(behaviour, as: client())
    }

    private func hold() {
        counts.begun[.staysIdle, default: 0] += 1
        stayIdle { self.after(milliseconds: 5_000...15_000) { self.hold() } }
    }

    /// One of the names, chosen by chance.
    func client(prefix: String? = nil) -> FleetClient {
        let name = FleetConfiguration.fqdn(
            prefix: prefix ?? configuration.prefix, index: Int.random(in: 0..<configuration.names, using: &random))
        return FleetClient(name: name, proxy: configuration.proxy)
    }

    /// An act is over: another begins soon.
    func actEnded() { after(milliseconds: 0...500) { self.beginAct() } }

    /// The push that answers `request`, with a body of up to `most` bytes, or a large one when nobody reads it.
    func answer(_ request: PolledScrape, as client: FleetClient, most: Int = 20_000) -> ByteBuffer {
        var push = client.answer(request, size: size(for: request, most: most), payload: payload)
        push.head.writeBuffer(&push.rest)
        return push.head
    }

    /// The same as a tunnel has it.
    func response(_ request: PolledScrape, as client: FleetClient, most: Int = 20_000) -> ByteBuffer {
        var response = client.response(request, size: size(for: request, most: most), payload: payload)
        response.head.writeBuffer(&response.rest)
        return response.head
    }

    private func size(for request: PolledScrape, most: Int) -> Int {
        let isUnread = (request.token ?? 0) >= Self.unreadTokens
        return isUnread ? Self.largeAnswer : Int.random(in: 100...most, using: &random)
    }

    // MARK: Connections

    /// - Parameter reads: `false` for a connection that never reads, with a receive buffer as small as the kernel allows.
    func open(
        _ script: ChaosHandler.Script, reads: Bool = true, then use: @escaping (any Channel) -> Void = { _ in }
    ) {
        guard !stopped else { return }
        open(ChaosHandler(chaos: self, script: script), reads: reads, failed: script.ended, then: use)
    }

    /// Connects with `handler` as the whole pipeline.
    ///
    /// - Parameters:
    ///   - halves: Either half may end before the other.
    ///   - failed: Called in place of `use` when there is no connection.
    func open(
        _ handler: some ChannelHandler, reads: Bool = true, halves: Bool = false, failed: @escaping () -> Void,
        then use: @escaping (any Channel) -> Void = { _ in }
    ) {
        guard !stopped else { return }
        let bound = NIOLoopBound(handler, eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop).channelOption(.allowRemoteHalfClosure, value: halves)
        if !reads {
            bootstrap = bootstrap.channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
        }
        bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(to: address)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel): use(channel)
                case .failure:
                    self.counts.connectErrors += 1
                    failed()
                }
            }
    }

    func opened(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = channel
        if stopped { channel.close(promise: nil) }
    }

    func closed(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = nil
        tunnelled[ObjectIdentifier(channel)] = nil
    }

    /// The proxy has welcomed this client through a tunnel.
    func hasTunnel(_ channel: any Channel, _ name: String) { tunnelled[ObjectIdentifier(channel)] = name }

    /// A name that has a tunnel now; `nil` while none has.
    func tunnelledName() -> String? { tunnelled.values.randomElement(using: &random) }

    /// Runs `work` after a time chosen by chance, unless the chaos has been stopped by then.
    func after(milliseconds range: ClosedRange<Int64>, _ work: @escaping () -> Void) {
        guard !stopped else { return }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64.random(in: range, using: &random))) {
            if !self.stopped { work() }
        }
    }
}
