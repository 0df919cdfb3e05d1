import Flags
import NIOCore

/// Runs a soak: two waves of load on one proxy, each followed by a rest in which everything should be let go.
struct SoakRunner: Sendable {
    let plan: SoakPlan
    let fleetLoop: any EventLoop
    let scraperLoop: any EventLoop

    func run() async throws -> SoakReport {
        let proxy = try await ProxyUnderTest.start(plan.command, directory: plan.directory, loop: scraperLoop)
        var report = SoakReport(seed: plan.seed, command: plan.command.command.words)
        do {
            report.startDescriptors = proxy.meter.descriptors() ?? 0
            report.startResidentBytes = proxy.meter.memory()?.resident ?? 0
            let curve = SoakCurve(proxy.meter)
            await curve.start()
            let total = plan.duration.seconds
            for (index, share) in [SoakPlan.firstShare, 1 - SoakPlan.firstShare].enumerated() {
                let seed = plan.seed &+ UInt64(index)
                StandardError.print("wave \(index + 1) of 2: \(Fixed.text(total * share, 0)) s of load")
                var wave = try await wave(proxy, seconds: total * share, seed: seed)
                await rest(proxy, descriptors: report.startDescriptors, into: &wave)
                report.waves.append(wave)
            }
            report.samples = await curve.stop()
            let metrics = try? await proxy.metrics(on: scraperLoop)
            report.counters = metrics?.counters(prefix: "push") ?? [:]
            report.loadSeconds = total
            report.logLines = proxy.logLines()
            report.checks = SoakJudge.checks(report, proxyAlive: !proxy.hasEnded, metrics: metrics)
            if let verify = plan.verify { report.checks.append(try await verified(verify, proxy, report)) }
        } catch {
            await proxy.stop()
            throw error
        }
        await proxy.stop()
        return report
    }

    private func wave(_ proxy: ProxyUnderTest, seconds: Double, seed: UInt64) async throws -> SoakReport.Wave {
        let polling = plan.clients - plan.tunnels
        let fleet = try await Fleet(
            FleetConfiguration(
                proxy: proxy.address, clients: polling, prefix: "steady", sizes: Self.sizes,
                sharedPushConnections: FleetConfiguration.defaultPushConnections(clients: polling), seed: seed,
                noticesRepeats: true), on: [fleetLoop])
        let tunnels = try await Fleet(
            FleetConfiguration(
                proxy: proxy.address, clients: plan.tunnels, prefix: Self.tunnelPrefix, sizes: Self.sizes,
                isTunnelled: true, seed: seed, noticesRepeats: true), on: [fleetLoop])
        let chaos = try await Chaos(
            ChaosConfiguration(
                proxy: proxy.address, names: plan.chaosNames, actors: plan.chaosActors, holders: plan.holders,
                hasTunnels: plan.tunnels > 0, scrapeTimeout: SoakPlan.chaosTimeout, seed: seed), on: fleetLoop)
        let steady = try await Scraper(
            ScrapeConfiguration(
                proxy: proxy.address, targets: targets("steady", polling) + targets(Self.tunnelPrefix, plan.tunnels),
                seed: seed), on: scraperLoop)
        let chaotic = try await Scraper(
            ScrapeConfiguration(
                proxy: proxy.address, targets: targets("chaos", plan.chaosNames), timeout: SoakPlan.chaosTimeout,
                seed: seed), on: scraperLoop)
        let visitor = Visitor(proxy.address, on: scraperLoop)
        try await fleet.start()
        try await tunnels.start()
        try await chaos.start()
        await visitor.start()
        try await steady.start(.open(perSecond: plan.rate))
        try await chaotic.start(.open(perSecond: plan.chaosRate))
        try await Task.sleep(for: .seconds(seconds))
        // The scrapers first: what they still wait for is answered by clients that are there.
        try await chaotic.stop()
        try await steady.stop()
        let visits = await visitor.stop()
        let window = try await steady.mark()
        let wave = SoakReport.Wave(
            steady: window.counts, chaotic: try await chaotic.mark().counts, fleet: try await settled(fleet),
            tunnels: try await tunnels.counts(), chaos: try await chaos.counts(), visits: visits,
            slowestScrape: Double(window.latency.max) / 1e9,
            restResidentBytes: 0, restDescriptors: 0)
        try await chaos.stop()
        try await fleet.stop()
        try await tunnels.stop()
        return wave
    }

    /// A push is answered after the scrape that it was for; the last ones need a moment.
    private func settled(_ fleet: Fleet) async throws -> FleetCounts {
        for _ in 0..<100 {
            let counts = try await fleet.counts()
            if counts.pushes == counts.pushesTaken + counts.pushErrors, counts.pushes == counts.scrapes {
                return counts
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await fleet.counts()
    }

    /// Waits until the descriptors are back where they were, or no longer.
    private func rest(_ proxy: ProxyUnderTest, descriptors: Int, into wave: inout SoakReport.Wave) async {
        let clock = ContinuousClock()
        let deadline = clock.now + .nanoseconds(plan.drain.nanoseconds)
        while clock.now < deadline, !proxy.hasEnded {
            try? await Task.sleep(for: .milliseconds(500))
            if (proxy.meter.descriptors() ?? 0) <= descriptors + SoakJudge.descriptorAllowance { break }
        }
        // Memory follows descriptors.
        try? await Task.sleep(for: .seconds(2))
        wave.restDescriptors = proxy.meter.descriptors() ?? 0
        wave.restResidentBytes = proxy.meter.memory()?.resident ?? 0
    }

    private func verified(
        _ command: CommandTemplate, _ proxy: ProxyUnderTest, _ report: SoakReport
    ) async throws -> SoakCheck {
        let path = "\(plan.directory)/soak.json"
        guard Directory.write(try JSONFile.text(report), to: path) else {
            return SoakJudge.check("the record agrees", false, "\(path) cannot be written")
        }
        let log = "\(plan.directory)/verify.log"
        let process = try ChildProcess(
            command.filled(["dir": plan.directory, "report": path, "url": proxy.address.description]), log: log)
        for _ in 0..<1_200 {
            if let status = process.ended() {
                let said = (Directory.read(log) ?? "").split(separator: "\n").suffix(3).joined(separator: "; ")
                return SoakJudge.check("the record agrees", status == 0, "--verify ended with \(status): \(said)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        await process.stop()
        return SoakJudge.check("the record agrees", false, "--verify did not end within a minute")
    }

    private func targets(_ prefix: String, _ count: Int) -> [String] {
        (0..<count).map { "\(FleetConfiguration.fqdn(prefix: prefix, index: $0)):9100" }
    }

    private static let tunnelPrefix = "steady-tunnel"
    /// Mostly small, some large, a few that do not fit into any socket's buffer.
    private static let sizes = BodySizes("1k:30,5k:50,50k:18,2M:2") ?? BodySizes(fixed: 5_000)
}
