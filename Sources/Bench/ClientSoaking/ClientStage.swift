import NIOCore
import NIOPosix

/// All that a client under a soak talks to, on one event loop: a proxy with moods, and targets. What they do follows from the seed;
/// when the client comes, from the machine as well.
final class ClientStage {
    struct Configuration: Sendable {
        /// Scrapes handed out per second, while the client polls.
        var rate: Double
        var behaviours: [TargetBehaviour]
        /// The longest that the client waits between attempts to poll.
        var backoff: TimeAmount
        var seed: UInt64
    }

    /// Most scrapes that are open at once; a client takes 64 by default.
    static let openLimit = 48

    let loop: any EventLoop
    let configuration: Configuration
    let bodies: TargetBodies
    var ledger: ClientLedger
    var mood = ProxyMood.serves

    var random: SeededRandom
    var schedule: MoodSchedule
    var isHandingOut = false
    private var nextToken: UInt64 = 1
    private(set) var proxyPort = 0
    private var targetPort = 0
    /// Of those that send more than they announce: the surplus spoils the connection for whoever comes next on it.
    private var surplusPort = 0
    /// Nothing listens there.
    private let deadPort: Int
    var listener: (any Channel)?
    private var targets: [any Channel] = []
    var parked: StageProxyHandler?
    private(set) var connections: [ObjectIdentifier: StageProxyHandler] = [:]
    private var targetConnections: [ObjectIdentifier: any Channel] = [:]
    var pollsInTrouble = 0
    var troubleEndedAt: NIODeadline?
    var troubleMilliseconds: Int64 = 0
    var moodTimer: Scheduled<Void>?

    init(loop: any EventLoop, configuration: Configuration, deadPort: Int) {
        self.loop = loop
        self.configuration = configuration
        self.deadPort = deadPort
        bodies = TargetBodies()
        ledger = ClientLedger(bodies: bodies)
        random = SeededRandom(seed: configuration.seed)
        schedule = MoodSchedule(seed: configuration.seed)
    }

    // MARK: Opening and closing

    /// Listens, as proxy and as target; the result is the proxy's port.
    func open() -> EventLoopFuture<Int> {
        openTarget().flatMap { port in
            self.targetPort = port
            return self.openTarget().nonisolated()
        }.flatMap { port in
            self.surplusPort = port
            return self.openProxy(port: 0).nonisolated()
        }.map { self.proxyPort }.nonisolated()
    }

    private func openTarget() -> EventLoopFuture<Int>.Isolated {
        listen(port: 0) { StageTargetHandler(stage: self) }.map { channel in
            self.targets.append(channel)
            return channel.localAddress?.port ?? 0
        }
    }

    func openProxy(port: Int) -> EventLoopFuture<Void>.Isolated {
        listen(port: port) { StageProxyHandler(stage: self) }.map { channel in
            self.listener = channel
            self.proxyPort = channel.localAddress?.port ?? port
        }
    }

    private func listen<Handler: ChannelHandler>(
        port: Int, _ handler: @escaping () -> Handler
    ) -> EventLoopFuture<any Channel>.Isolated {
        let make = NIOLoopBound(handler, eventLoop: loop)
        return ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(make.value())
                }
            }
            .bind(host: TargetBodies.host, port: port)
            .assumeIsolated()
    }

    func close() {
        isHandingOut = false
        mood = .gone
        listener?.close(promise: nil)
        for channel in targets { channel.close(promise: nil) }
        for handler in Array(connections.values) { handler.close() }
        closeTargets()
    }

    /// Closes what targets and pushes have kept; only the parked poll stays.
    func comeToRest() {
        for handler in Array(connections.values) where handler !== parked { handler.close() }
        closeTargets()
    }

    private func closeTargets() { for channel in Array(targetConnections.values) { channel.close(promise: nil) } }

    // MARK: Scrapes

    func start() {
        isHandingOut = true
        handOut()
        changeMood()
    }

    private func handOut() {
        guard isHandingOut else { return }
        after(.nanoseconds(Int64(1e9 / configuration.rate))) { self.handOut() }
        ledger.timePassed(loop.now)
        guard let poll = parked, ledger.openCount < Self.openLimit else { return }
        parked = nil
        let plan = TargetPlan(token: nextToken, behaviours: configuration.behaviours, random: &random)
        nextToken += 1
        ledger.handedOut(plan, at: loop.now)
        poll.answer(pollAnswer(plan))
    }

    private func pollAnswer(_ plan: TargetPlan) -> ByteBuffer {
        let host = plan.behaviour == .otherHost ? "other.example" : TargetBodies.host
        let port =
            switch plan.behaviour {
            case .unreachable: deadPort
            case .announcesLess: surplusPort
            default: targetPort
            }
        let authority = "\(host):\(port)"
        var request = "GET http://\(authority)/metrics?n=\(plan.token) HTTP/1.1\r\nHost: \(authority)\r\n"
        request += "User-Agent: Prometheus/3.0.0\r\nAccept-Encoding: gzip\r\nId: \(plan.id)\r\n"
        if plan.behaviour != .untimed { request += "X-Prometheus-Scrape-Timeout-Seconds: \(plan.timeout)\r\n" }
        request += "\r\n"
        return ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)")
    }

    // MARK: What the client does

    func polled(_ handler: StageProxyHandler) {
        if let ended = troubleEndedAt, mood == .serves {
            ledger.recovered(after: loop.now - ended)
            troubleEndedAt = nil
        }
        if let answer = mood.pollAnswer { return refuse(handler, answer) }
        parked = handler
    }

    func refuse(_ poll: StageProxyHandler, _ answer: String) {
        if poll === parked { parked = nil }
        pollsInTrouble += 1
        poll.answer(ByteBuffer(string: answer), closes: mood.closesPolls)
    }

    func pushed(_ body: ByteBuffer, on handler: StageProxyHandler) {
        ledger.pushArrived(
            PushedAnswer(body, ended: true), isAnswered: mood != .stallsPushes, at: loop.now)
        switch mood {
        case .stallsPushes: return
        case .refusesPushes:
            handler.answer(ByteBuffer(string: "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"))
        default:
            // The next push then has to connect first, while its target does what it does.
            let closes = Bool.random(using: &random)
            let connection = closes ? "Connection: close\r\n" : ""
            handler.answer(
                ByteBuffer(string: "HTTP/1.1 200 OK\r\n\(connection)Content-Length: 0\r\n\r\n"), closes: closes)
        }
    }

    /// Whether nothing is under way: no scrape open, the proxy there, and a poll parked.
    func isQuiet() -> Bool {
        ledger.timePassed(loop.now)
        return ledger.openCount == 0 && mood == .serves && parked != nil
    }

    // MARK: Connections

    func opened(_ handler: StageProxyHandler) { connections[ObjectIdentifier(handler)] = handler }

    func closed(_ handler: StageProxyHandler) {
        connections[ObjectIdentifier(handler)] = nil
        if parked === handler { parked = nil }
    }

    func opened(_ channel: any Channel) { targetConnections[ObjectIdentifier(channel)] = channel }
    func closed(_ channel: any Channel) { targetConnections[ObjectIdentifier(channel)] = nil }

    func after(_ time: TimeAmount, _ work: @escaping () -> Void) {
        loop.assumeIsolated().scheduleTask(in: time, work)
    }
}
