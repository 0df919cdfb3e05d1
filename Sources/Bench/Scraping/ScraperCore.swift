import DequeModule
import NIOCore
import NIOPosix

/// The scraper, on its event loop: decides which target comes when, keeps the connections, counts.
///
/// A scrape is *due*, then *launched* when its target is free, then *sent* when a connection is.
final class ScraperCore {
    private let loop: any EventLoop
    private let configuration: ScrapeConfiguration
    private let address: SocketAddress
    private var targets: [ScrapeTarget]

    private var load: Load?
    private var window = ScrapeWindow()
    private var windowBegan = NIODeadline.now()
    private var nextToken: UInt64

    /// Closed loop: targets with nothing in flight, the one scraped longest ago first.
    private var free: Deque<Int>
    private var inFlight = 0
    /// Open loop: the number of the next scrape, and when the first was due.
    private var dueCount = 0
    private var firstDue = NIODeadline.now()

    private var idle: [ScrapeHandler] = []
    private var open: [ObjectIdentifier: ScrapeHandler] = [:]
    private var connecting = 0
    private var launched = Deque<Scrape>()
    private var whenIdle: [EventLoopPromise<Void>] = []
    private var sweeping = false

    init(loop: any EventLoop, configuration: ScrapeConfiguration, address: SocketAddress) {
        self.loop = loop
        self.configuration = configuration
        self.address = address
        targets = configuration.targets.map { ScrapeTarget(authority: $0, configuration: configuration) }
        var random = SeededRandom(seed: configuration.seed)
        free = Deque(targets.indices.shuffled(using: &random))
        nextToken = configuration.firstToken
    }

    // MARK: What is due

    func start(_ load: Load) {
        self.load = load
        window = ScrapeWindow()
        windowBegan = .now()
        switch load {
        case .closed(let inFlight): for _ in 0..<inFlight { launchNext() }
        case .open:
            dueCount = 0
            firstDue = .now()
            fireDue()
        }
        if !sweeping {
            sweeping = true
            sweep()
        }
    }

    private func launchNext() {
        guard case .closed = load, let target = free.popFirst() else { return }
        if configuration.overlaps { free.append(target) }
        launch(Scrape(target: target, due: .now()))
    }

    private func fireDue() {
        guard case .open(let perSecond) = load else { return }
        let now = NIODeadline.now()
        let interval = 1e9 / perSecond
        while true {
            let due = firstDue + .nanoseconds(Int64(Double(dueCount) * interval))
            guard due <= now else {
                loop.assumeIsolated().scheduleTask(deadline: due) { self.fireDue() }
                return
            }
            dueCount += 1
            _ = window.lateness.record(UInt64(clamping: (now - due).nanoseconds))
            // A target's turn comes in the order of the first round, whether or not it is free.
            guard let target = free.popFirst() else { continue }
            free.append(target)
            if targets[target].inFlight == 0 || configuration.overlaps {
                launch(Scrape(target: target, due: due))
            } else if targets[target].waiting.count < ScrapeTarget.waitingLimit {
                targets[target].waiting.append(due)
            } else {
                window.counts.skipped += 1
            }
        }
    }

    private func launch(_ scrape: Scrape) {
        targets[scrape.target].inFlight += 1
        inFlight += 1
        sendWhenPossible(scrape)
    }

    private func sendWhenPossible(_ scrape: Scrape) {
        if let handler = idle.popLast() {
            send(scrape, on: handler)
        } else {
            launched.append(scrape)
            if connecting < launched.count, open.count + connecting < configuration.maxConnections { connect() }
        }
    }

    private func send(_ scrape: Scrape, on handler: ScrapeHandler) {
        var scrape = scrape
        if !scrape.isRepeat {
            scrape.token = nextToken
            nextToken += 1
            scrape.sent = .now()
            window.counts.sent += 1
        }
        handler.write(
            targets[scrape.target].request(token: scrape.token, allocator: ByteBufferAllocator()), for: scrape)
    }

    // MARK: What became of it

    /// `handler` is the connection, when it can be used again.
    func ended(_ scrape: Scrape, status: Int, length: Int, start: [UInt8], on handler: ScrapeHandler?) {
        let matches =
            status == 200
            && (!configuration.verifies
                || Payload.matches(
                    start: start, length: length, fqdn: targets[scrape.target].host, token: scrape.token))
        window.counts.ended(status: status, matches: matches)
        window.bodyBytes += length
        if matches { _ = window.latency.record(UInt64(clamping: (NIODeadline.now() - scrape.due).nanoseconds)) }
        if let handler {
            if let next = launched.popFirst() { send(next, on: handler) } else { idle.append(handler) }
        }
        released(scrape.target)
    }

    private func released(_ target: Int) {
        targets[target].inFlight -= 1
        inFlight -= 1
        switch load {
        case .closed:
            if !configuration.overlaps { free.append(target) }
            launchNext()
        case .open:
            if let due = targets[target].waiting.popFirst() { launch(Scrape(target: target, due: due)) }
        case nil:
            if inFlight == 0 { settled() }
        }
    }

    func strayBytes() { window.counts.stray += 1 }

    // MARK: Connections

    private func connect() {
        connecting += 1
        let bound = NIOLoopBound(ScrapeHandler(scraper: self), eventLoop: loop)
        let proxy = configuration.proxy
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 8_192, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try LoadTLS.addHandler(to: channel, for: proxy)
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(to: address)
            .assumeIsolated().whenFailure { _ in
                self.connecting -= 1
                self.window.counts.connectErrors += 1
                // A proxy that is gone would otherwise make a closed loop spin.
                self.loop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { self.connectionFailed() }
            }
    }

    private func connectionFailed() {
        guard !launched.isEmpty else { return }
        guard load != nil else {
            let given = launched
            launched.removeAll()
            for scrape in given { released(scrape.target) }
            return
        }
        if connecting < launched.count { connect() }
    }

    func opened(_ handler: ScrapeHandler) {
        connecting -= 1
        open[ObjectIdentifier(handler)] = handler
        if let next = launched.popFirst() { send(next, on: handler) } else { idle.append(handler) }
    }

    /// - Parameter mayRepeat: the connection may have been closed while it was idle, just when the scrape was written. Prometheus
    ///   then sends it once more on another.
    func closed(_ handler: ScrapeHandler, unanswered: Scrape?, mayRepeat: Bool) {
        open[ObjectIdentifier(handler)] = nil
        idle.removeAll { $0 === handler }
        if var scrape = unanswered, mayRepeat, !scrape.isRepeat {
            scrape.isRepeat = true
            sendWhenPossible(scrape)
        } else if let unanswered {
            window.counts.broken += 1
            released(unanswered.target)
        }
        if !launched.isEmpty, connecting < launched.count { connect() }
    }

    /// Finds scrapes that will not be answered any more.
    private func sweep() {
        let limit = configuration.timeout.nanoseconds + configuration.grace.nanoseconds
        let now = NIODeadline.now()
        for handler in Array(open.values) {
            guard let scrape = handler.current, (now - scrape.sent).nanoseconds > limit else { continue }
            window.counts.lost += 1
            handler.abandon()
            released(scrape.target)
        }
        guard load != nil || inFlight > 0 else {
            sweeping = false
            return
        }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(500)) { self.sweep() }
    }

    // MARK: Marks and the end

    /// What was seen since the last mark; counting begins anew.
    func mark() -> ScrapeWindow {
        let now = NIODeadline.now()
        var marked = window
        marked.seconds = Double((now - windowBegan).nanoseconds) / 1e9
        window = ScrapeWindow()
        windowBegan = now
        return marked
    }

    /// Launches nothing more; done when what is in flight has been answered or given up.
    func stop() -> EventLoopFuture<Void> {
        load = nil
        for index in targets.indices { targets[index].waiting.removeAll() }
        let promise = loop.makePromise(of: Void.self)
        whenIdle.append(promise)
        if inFlight == 0 { settled() }
        return promise.futureResult
    }

    private func settled() {
        for handler in Array(open.values) { handler.close() }
        for promise in whenIdle { promise.succeed(()) }
        whenIdle.removeAll()
    }
}
