import NIOCore
import NIOPosix

/// The misbehaving clients, on one event loop. What they do follows from the seed; when they do it, from the machine as well.
final class ChaosCore {
    private let loop: any EventLoop
    let configuration: ChaosConfiguration
    private let address: SocketAddress
    private let payload = Payload(largest: 200_000)
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
    }

    func stop() {
        stopped = true
        for channel in channels.values { channel.close(promise: nil) }
    }

    private func beginAct() {
        guard let behaviour = ChaosBehaviour.allCases.randomElement(using: &random) else { return }
        counts.begun[behaviour, default: 0] += 1
        let name = FleetConfiguration.fqdn(
            prefix: configuration.prefix, index: Int.random(in: 0..<configuration.names, using: &random))
        perform(behaviour, as: FleetClient(name: name, proxy: configuration.proxy))
    }

    /// An act is over: another begins soon.
    func actEnded() { after(milliseconds: 0...500) { self.beginAct() } }

    /// The push that answers `request`, with a body of up to 20 kB.
    func answer(_ request: ScrapeRequest, as client: FleetClient) -> ByteBuffer {
        var push = client.answer(request, size: Int.random(in: 100...20_000, using: &random), payload: payload)
        push.head.writeBuffer(&push.rest)
        return push.head
    }

    // MARK: Connections

    func open(_ script: ChaosHandler.Script, then use: @escaping (any Channel) -> Void = { _ in }) {
        guard !stopped else { return }
        let bound = NIOLoopBound(ChaosHandler(chaos: self, script: script), eventLoop: loop)
        ClientBootstrap(group: loop)
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

    /// Closes with an RST: what the other end has not read is lost.
    func reset(_ channel: any Channel) {
        guard let socket = channel as? any SocketOptionProvider else {
            channel.close(promise: nil)
            return
        }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
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
