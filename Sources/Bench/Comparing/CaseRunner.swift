import Flags
import Glibc
import Histogram
import NIOCore

/// Runs one contestant on one piece of work: starts it, brings the load, reads the meters, stops it.
struct CaseRunner: Sendable {
    let contest: Contest
    /// The fleet's loop and the scraper's. Two, so that neither waits for the other.
    let fleetLoop: any EventLoop
    let scraperLoop: any EventLoop

    private var own: ProcessMeter { ProcessMeter(pid: getpid()) }

    func run(_ work: WorkloadCase, workload: Workload, contestant: NamedCommand, pair: Int) async throws -> Run {
        var run = Run(workload: work.name, contestant: contestant.name, pair: pair)
        let directory = "\(contest.directory)/\(work.name)-\(pair)-\(contestant.name)"
        let command = workload == .client ? contest.proxies[0] : contestant
        let dialect = contest.dialect(of: command.name)
        let proxy = try await ProxyUnderTest.start(
            command, speaking: dialect, directory: directory, loop: scraperLoop
        ) { words in contest.words(words, isMeasured: workload != .client) }
        do {
            switch work.kind {
            case .load(let clients, let bytes, let load, let pushes):
                try await self.load(proxy, clients, bytes, load, pushes, dialect, into: &run)
            case .idle(let clients): try await idle(proxy, clients, dialect, into: &run)
            case .listing(let clients): try await listing(proxy, clients, dialect, into: &run)
            case .burst(let scrapes, let delay):
                try await burst(proxy, scrapes, .nanoseconds(delay.nanoseconds), dialect, into: &run)
            case .client(let processes, let bytes):
                try await self.clients(proxy, contestant, processes, bytes, into: &run)
            }
            if proxy.hasEnded { run.notes.append("\(command.name) ended during the run") }
        } catch {
            await proxy.stop()
            throw error
        }
        await proxy.stop()
        return run
    }

    // MARK: The pieces of work

    private func load(
        _ proxy: ProxyUnderTest, _ clients: Int, _ bytes: Int, _ load: Load, _ pushes: Int?,
        _ dialect: Set<Dialect.Word>, into run: inout Run
    ) async throws {
        let descriptors = descriptors(proxy.meters)
        let fleet = try await fleet(
            for: proxy, clients: clients, bytes: bytes, pushes: pushes, speaking: dialect, into: &run)
        let targets = (0..<clients).map { "\(FleetConfiguration.fqdn(prefix: "bench", index: $0)):9100" }
        let scraper = try await Scraper(
            ScrapeConfiguration(proxy: proxy.address, targets: targets, token: proxy.token), on: scraperLoop)
        try await measure(scraper, load, meters: proxy.meters, into: &run)
        // The scraper's connections are closed; the proxy needs a moment to see it.
        try await Task.sleep(for: .milliseconds(500))
        run[.descriptorsPerClient] = Double(self.descriptors(proxy.meters) - descriptors) / Double(clients)
        let counts = try await fleet.counts()
        run[.errors, default: 0] += Double(counts.errors)
        if counts.errors > 0 { run.notes.append("the fleet counted \(counts.errors) errors") }
        try await fleet.stop()
    }

    private func idle(
        _ proxy: ProxyUnderTest, _ steps: [Int], _ dialect: Set<Dialect.Word>, into run: inout Run
    ) async throws {
        let fleet = try await fleet(
            for: proxy, clients: 0, bytes: 5_000, pushes: 1, speaking: dialect, into: &run)
        let meters = proxy.meters
        let before = MachineUse.now()
        let cpuBefore = cpu(meters + [own])
        for clients in steps {
            try await fleet.grow(to: clients)
            if try await !proxy.knows(clients: clients, on: scraperLoop) {
                run.notes.append("the proxy does not say that it knows \(clients) clients")
            }
            try await Task.sleep(for: .nanoseconds(contest.settle.nanoseconds))
            let resident = meters.compactMap { $0.memory()?.resident }.reduce(0, +)
            run.memoryCurve.append(Run.MemoryPoint(clients: clients, residentBytes: Double(resident)))
        }
        run.disturbance = Disturbance(from: before, to: .now(), own: cpu(meters + [own]) - cpuBefore)
        let (usedBefore, clock) = (cpu(meters), ContinuousClock.now)
        try await Task.sleep(for: .nanoseconds(contest.window.nanoseconds))
        run[.idleCPU] = (cpu(meters) - usedBefore) / ((ContinuousClock.now - clock) / .seconds(1)) * 100
        if let first = run.memoryCurve.first, let last = run.memoryCurve.last, last.clients > first.clients {
            run[.memoryPerClient] =
                (last.residentBytes - first.residentBytes) / Double(last.clients - first.clients) / 1e3
            run[.memory] = last.residentBytes / 1e6
        }
        run[.errors] = Double(try await fleet.counts().errors)
        try await fleet.stop()
    }

    private func listing(
        _ proxy: ProxyUnderTest, _ clients: Int, _ dialect: Set<Dialect.Word>, into run: inout Run
    ) async throws {
        let fleet = try await fleet(
            for: proxy, clients: clients, bytes: 5_000, pushes: 1, speaking: dialect, into: &run)
        try await Task.sleep(for: .nanoseconds(contest.settle.nanoseconds))
        let before = MachineUse.now()
        let cpuBefore = cpu([proxy.meter, own])
        var seconds: [Double] = []
        var errors = 0.0
        for _ in 0..<40 {
            let answer = try await HTTPGet.get("/clients", from: proxy.address, token: proxy.token, on: scraperLoop)
            if answer.status != 200 || Self.count(of: "\"targets\"", in: answer.body) != clients { errors += 1 }
            seconds.append(answer.seconds * 1_000)
            try await Task.sleep(for: .milliseconds(20))
        }
        run.disturbance = Disturbance(from: before, to: .now(), own: cpu([proxy.meter, own]) - cpuBefore)
        run[.listing] = Spread(seconds)?.median
        run[.listingSlowest] = seconds.max()
        run[.errors] = errors
        try await fleet.stop()
    }

    /// Scrapes of one client that arrive together, over a link with a long round trip.
    private func burst(
        _ proxy: ProxyUnderTest, _ scrapes: Int, _ delay: TimeAmount, _ dialect: Set<Dialect.Word>, into run: inout Run
    ) async throws {
        let relay = try await DelayRelay.start(to: proxy.address, delay: delay, on: fleetLoop)
        let fleet = try await Fleet(
            FleetConfiguration(
                proxy: ProxyAddress(host: "127.0.0.1", port: relay.port, isTLS: proxy.address.isTLS), clients: 1,
                sendsInstance: contest.sendsInstance, isTunnelled: dialect.contains(.tunnel),
                showsTokens: dialect.contains(.tokens)), on: [fleetLoop])
        try await fleet.start()
        _ = try await proxy.knows(clients: 1, on: scraperLoop)
        var last: [Double] = []
        var errors = 0
        for round in 0..<6 {
            let began = ContinuousClock.now
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<scrapes {
                    group.addTask {
                        let url =
                            "http://\(FleetConfiguration.fqdn(prefix: "bench", index: 0)):9100/metrics?n=\(number)"
                        return try await HTTPGet.get(url, from: proxy.address, on: self.scraperLoop).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // Of the first, every connection is new.
            if round > 0 { last.append((ContinuousClock.now - began) / .milliseconds(1)) }
            errors += statuses.count { $0 != 200 }
        }
        run[.burst] = Spread(last)?.median
        run[.errors] = Double(errors)
        try await fleet.stop()
        await relay.stop()
    }

    private func clients(
        _ proxy: ProxyUnderTest, _ command: NamedCommand, _ processes: Int, _ bytes: Int, into run: inout Run
    ) async throws {
        let exporter = try await Exporter.start(hosts: processes, size: bytes, on: fleetLoop)
        var running: [ChildProcess] = []
        // Each has the metrics of its client, and is held until all have ended.
        var ports: [HeldPort] = []
        defer { withExtendedLifetime(ports) {} }
        do {
            for number in 1...processes {
                let port = try HeldPort()
                ports.append(port)
                let values = [
                    "fqdn": Exporter.host(number), "proxy": proxy.address.description, "dir": proxy.directory,
                    "port": "\(port.port)",
                ]
                running.append(
                    try ChildProcess(
                        contest.words(command.command.filled(values), isMeasured: true),
                        log: "\(proxy.directory)/\(command.name)-\(number).log"))
            }
            if try await !proxy.knows(clients: processes, on: scraperLoop) {
                run.notes.append("not all of the \(processes) processes of \(command.name) polled")
            }
            let scraper = try await Scraper(
                ScrapeConfiguration(
                    proxy: proxy.address, targets: (1...processes).map { "\(Exporter.host($0)):\(exporter.port)" }),
                on: scraperLoop)
            try await measure(
                scraper, .closed(inFlight: processes), meters: running.map { ProcessMeter(pid: $0.pid) },
                beside: [proxy.meter], into: &run)
        } catch {
            for process in running { await process.stop() }
            await exporter.stop()
            throw error
        }
        for process in running { await process.stop() }
        await exporter.stop()
    }

    // MARK: What they share

    private func fleet(
        for proxy: ProxyUnderTest, clients: Int, bytes: Int, pushes: Int?, speaking dialect: Set<Dialect.Word>,
        into run: inout Run
    ) async throws -> Fleet {
        let fleet = try await Fleet(
            FleetConfiguration(
                proxy: proxy.address, clients: clients, sizes: BodySizes(fixed: bytes),
                sendsInstance: contest.sendsInstance, sharedPushConnections: pushes,
                isTunnelled: dialect.contains(.tunnel), showsTokens: dialect.contains(.tokens)), on: [fleetLoop])
        try await fleet.start()
        if clients > 0, try await !proxy.knows(clients: clients, on: scraperLoop) {
            run.notes.append("the proxy does not say that it knows \(clients) clients")
        }
        return fleet
    }

    /// Scrapes, and reads the meters at both ends of the window. `meters` are of the contestant, `beside` of what runs with it.
    private func measure(
        _ scraper: Scraper, _ load: Load, meters: [ProcessMeter], beside: [ProcessMeter] = [], into run: inout Run
    ) async throws {
        try await scraper.start(load)
        try await Task.sleep(for: .nanoseconds(contest.warmup.nanoseconds))
        for meter in meters { meter.forgetPeak() }
        let samplers = meters.map { MemorySampler($0) }
        for sampler in samplers { await sampler.start() }
        let warmup = try await scraper.mark()
        let machine = MachineUse.now()
        let used = cpu(meters)
        let besideUsed = cpu(beside)
        let ownUsed = cpu([own])
        try await Task.sleep(for: .nanoseconds(contest.window.nanoseconds))
        let window = try await scraper.mark()
        let spent = cpu(meters) - used
        let ownSpent = cpu([own]) - ownUsed
        let besideSpent = cpu(beside) - besideUsed
        let disturbance = Disturbance(from: machine, to: .now(), own: spent + ownSpent + besideSpent)
        run.disturbance = disturbance
        var memory = 0.0
        for sampler in samplers { memory += Spread(await sampler.stop())?.median ?? 0 }
        run[.memory] = memory / 1e6
        run[.memoryPeak] = Double(meters.compactMap { $0.memory()?.peak }.reduce(0, +)) / 1e6
        try await scraper.stop()
        let rest = try await scraper.mark()
        record(window, load, spent: spent, ownSpent: ownSpent, into: &run)
        let errors = (window.counts + warmup.counts + rest.counts)
        run[.errors] = Double(errors.errors)
        if errors.errors > 0 { run.notes.append("scrapes: \(errors.summary)") }
        if case .closed = load, disturbance.busy < 0.85, contest.pinning == nil {
            run.notes.append(
                "not saturated: the machine was \(Fixed.text(disturbance.busy * 100, 0)) % busy, so scrapes/s show latency rather than capacity"
            )
        }
    }

    private func record(_ window: ScrapeWindow, _ load: Load, spent: Double, ownSpent: Double, into run: inout Run) {
        let good = Double(window.counts.good)
        run[.scrapesPerSecond] = good / window.seconds
        if good > 0 {
            run[.cpu] = spent / good * 1_000
            run[.generatorCPU] = ownSpent / good * 1_000
            for (metric, percentile) in [(Metric.p50, 50.0), (.p90, 90), (.p99, 99), (.p999, 99.9)] {
                run[metric] = Double(window.latency.valueAtPercentile(percentile)) / 1e6
            }
            run[.slowest] = Double(window.latency.max) / 1e6
        }
        if case .open(let perSecond) = load {
            let late = Double(window.lateness.valueAtPercentile(99)) / 1e6
            run[.lateness] = late
            if late > 5 {
                run.notes.append("the load itself was late by \(Fixed.short(late)) ms (p99): latencies mean little")
            }
            if good / window.seconds < perSecond * 0.98 {
                run.notes.append(
                    "only \(Fixed.short(good / window.seconds)) of \(Fixed.short(perSecond)) scrapes/s were answered")
            }
        }
    }

    private func descriptors(_ meters: [ProcessMeter]) -> Int { meters.reduce(0) { $0 + ($1.descriptors() ?? 0) } }

    private func cpu(_ meters: [ProcessMeter]) -> Double { meters.reduce(0) { $0 + ($1.cpuSeconds() ?? 0) } }

    static func count(of word: StaticString, in bytes: [UInt8]) -> Int {
        let first = word.utf8Start[0]
        let length = word.utf8CodeUnitCount
        return bytes.withUnsafeBytes { haystack in
            var count = 0
            var at = 0
            while at + length <= haystack.count {
                if haystack[at] == first, let base = haystack.baseAddress,
                    memcmp(base + at, word.utf8Start, length) == 0
                {
                    count += 1
                    at += length
                } else {
                    at += 1
                }
            }
            return count
        }
    }
}
