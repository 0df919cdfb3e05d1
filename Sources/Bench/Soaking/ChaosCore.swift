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
    private var stopped = false
    private var channels: [ObjectIdentifier: any Channel] = [:]

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
        guard let behaviour = ChaosBehaviour.acts.randomElement(using: &random) else { return }
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
        let isUnread = (request.token ?? 0) >= Self.unreadTokens
        let size = isUnread ? Self.largeAnswer : Int.random(in: 100...most, using: &random)
        var push = client.answer(request, size: size, payload: payload)
        push.head.writeBuffer(&push.rest)
        return push.head
    }

    // MARK: Connections

    /// - Parameter reads: `false` for a connection that never reads, with a receive buffer as small as the kernel allows.
    func open(
        _ script: ChaosHandler.Script, reads: Bool = true, then use: @escaping (any Channel) -> Void = { _ in }
    ) {
        guard !stopped else { return }
        let bound = NIOLoopBound(ChaosHandler(chaos: self, script: script), eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
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
                    script.ended()
                }
            }
    }

    func opened(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = channel
        if stopped { channel.close(promise: nil) }
    }

    func closed(_ channel: any Channel) { channels[ObjectIdentifier(channel)] = nil }

    /// Runs `work` after a time chosen by chance, unless the chaos has been stopped by then.
    func after(milliseconds range: ClosedRange<Int64>, _ work: @escaping () -> Void) {
        guard !stopped else { return }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64.random(in: range, using: &random))) {
            if !self.stopped { work() }
        }
    }
}
