import Logging
import NIOCore
import Tunnel
import Wire

/// Has this client be asked for scrapes, through a tunnel or by polls: runs the actions of a `TransportChoice`, and owns its timer, its tunnels
/// and its pollers.
///
/// There may be several tunnels for a while: one that serves, one that shall take its place, and some that finish what they have.
/// Confined to the client's event loop.
final class TransportSwitch: ScrapeSource {
    /// What tunnels and polls have in common.
    struct Surroundings {
        let client: OutboundClient
        let endpoint: ProxyEndpoint
        let dispatcher: ScrapeDispatcher
        let connections: ConnectDesk
        let metrics: ClientMetrics
        let logger: Logger
        let offers: OfferDesk
        let maxInFlight: Int

        /// What a tunnel is told of this client.
        var hello: Hello {
            Hello(offers.offer, streams: maxInFlight, instance: endpoint.instance, agent: endpoint.userAgent)
        }
    }

    /// More tunnels that finish what they have are not kept: the one that has been at it longest is cut.
    static let maxLeaving = 4

    private let shared: Surroundings
    private let readiness: Readiness
    private let onDenial: () -> Void
    private var choice: TransportChoice
    private lazy var polls = PollerSet(
        shared, backoff: backoff,
        onReady: { [weak self] in self?.pollsBecame(ready: $0) },
        onOutageEnd: { [weak self] in self?.pollOutageEnded() }, onDenial: onDenial)
    private let backoff: Backoff
    private var timer: Scheduled<Void>?
    private var attempt: TunnelDial?
    private var greeting: TunnelConnection?
    private var serving: TunnelConnection? {
        didSet { shared.metrics.tunnel.up.set(serving == nil ? 0 : 1) }
    }
    private var leaving: [TunnelConnection] = []

    /// - Parameter onDenial: the proxy does not take what this client shows.
    init(
        _ shared: Surroundings, mode: TransportMode, backoff: Backoff, readiness: Readiness,
        onDenial: @escaping () -> Void
    ) {
        self.shared = shared
        self.readiness = readiness
        self.onDenial = onDenial
        choice = TransportChoice(mode, backoff: backoff)
        self.backoff = backoff
    }

    // MARK: ScrapeSource

    func start() { perform(choice.started(at: now)) }

    func stop() {
        perform(choice.stopped())
        timer?.cancel()
        attempt?.cancel()
        attempt = nil
        polls.stop()
        for tunnel in tunnels { tunnel.leave(isForGood: true) }
    }

    func close() { for tunnel in tunnels { tunnel.close() } }

    func roomArose() { polls.roomArose() }

    func accessChanged() {
        polls.accessChanged()
        perform(choice.accessChanged(at: now))
    }

    func offerChanged() {
        for tunnel in [serving, greeting] { tunnel?.greetAgain() }
        polls.offerChanged()
    }

    // MARK: Events of polls

    private func pollsBecame(ready: Bool) { perform(choice.pollsBecame(ready: ready)) }
    private func pollOutageEnded() { perform(choice.pollOutageEnded(at: now, random: random)) }

    // MARK: Events of tunnels

    private func dialled(_ result: Result<TunnelDial.Opened, NoTunnel>) {
        attempt = nil
        switch result {
        case .failure(let failure): dialFailed(failure)
        case .success(let opened):
            perform(choice.upgraded())
            let tunnel = TunnelConnection(shared, owner: self)
            greeting = tunnel
            tunnel.begin(on: opened.channel, with: opened.bytes)
        }
    }

    private func dialFailed(_ failure: NoTunnel) {
        shared.metrics.tunnel.count(failure.result)
        perform(choice.dialFailed(failure, at: now, random: random))
    }

    private func leave(_ tunnel: TunnelConnection) {
        leaving.append(tunnel)
        tunnel.leave(isForGood: false)
        if leaving.count > Self.maxLeaving { leaving.removeFirst().close() }
    }

    // MARK: Actions

    private var ownName: String { shared.offers.offer.names.first?.fqdn.spelling ?? "" }
    private var now: NIODeadline { shared.client.loop.now }
    private var random: Double { Double.random(in: 0..<1) }
    private var tunnels: [TunnelConnection] { leaving + [serving, greeting].compactMap { $0 } }

    private func perform(_ actions: [TransportChoice.Action]) {
        for action in actions {
            switch action {
            case .dial: dial()
            case .wait(let time):
                timer?.cancel()
                timer = shared.client.loop.assumeIsolated().scheduleTask(in: time) {
                    self.perform(self.choice.waited(at: self.now))
                }
            case .startPolls: polls.start()
            case .endPolls: polls.end()
            case .note(let note): log(note)
            case .setReady(let ready): readiness.set(ready)
            case .readAccessAgain: onDenial()
            }
        }
    }

    private func dial() {
        timer?.cancel()
        let handshake = WebSocketHandshake()
        let route = shared.endpoint.route
        let isOpaque = route.asksForwarder
        let attempt = TunnelDial(
            on: shared.client.loop, request: shared.endpoint.tunnelRequest(handshake), handshake: handshake,
            hiding: shared.endpoint.secrets
        ) { [weak self] in self?.dialled($0) }
        self.attempt = attempt
        shared.client.open(route, isOpaque: isOpaque, for: attempt) { attempt.connected($0, isOpaque: isOpaque) }
    }

    private func log(_ note: TransportChoice.Note) {
        let logger = shared.logger
        switch note {
        case .tunnelUp: logger.info("the tunnel to the proxy is up")
        case .tunnelUpAgain: logger.info("the tunnel to the proxy is up again")
        case .outageBegan(let explanation):
            logger.warning("there is no tunnel to the proxy; trying on", metadata: ["err": "\(explanation)"])
        case .pollsInstead(let explanation):
            logger.info("there is no tunnel to the proxy; polling it instead", metadata: ["err": "\(explanation)"])
        case .replacementFailed(let explanation):
            logger.warning(
                "the tunnel to the proxy shows what has changed since, and there is no newer one; trying on",
                metadata: ["err": "\(explanation)"])
        case .clashBegan:
            logger.warning(
                "another tunnel or poll for this FQDN took the place of ours: is a second client running with the same --fqdn?",
                metadata: ["fqdn": "\(ownName)"])
        case .clashEnded:
            logger.info("no other client comes for this FQDN any more", metadata: ["fqdn": "\(ownName)"])
        }
    }
}

extension TransportSwitch: TunnelOwner {
    func tunnelWelcomed(_ tunnel: TunnelConnection) {
        guard tunnel === greeting else { return }
        greeting = nil
        if let serving { leave(serving) }
        serving = tunnel
        shared.metrics.tunnel.count(.up)
        perform(choice.welcomed(at: now))
    }

    func tunnelDrained(_ tunnel: TunnelConnection) {
        guard tunnel === serving else { return }
        serving = nil
        leave(tunnel)
        perform(choice.drained(at: now, random: random))
    }

    func tunnel(_ tunnel: TunnelConnection, ended failure: NoTunnel) {
        if tunnel === greeting {
            greeting = nil
            dialFailed(failure)
        } else if tunnel === serving {
            serving = nil
            perform(choice.tunnelEnded(failure, at: now, random: random))
        } else {
            leaving.removeAll { $0 === tunnel }
        }
    }
}
