import Flags
import NIOCore

/// Runs a soak of a client: two waves of scrapes and trouble, each followed by a rest in which everything should be let go.
struct ClientSoakRunner: Sendable {
    struct Plan: Sendable {
        var command: NamedCommand
        /// Of the load; the time for things to come to rest is extra.
        var duration: GoDuration
        var rate: Double
        var backoff: GoDuration
        var behaviours: [TargetBehaviour]
        var seed: UInt64
        /// How long the client may take to let go of everything.
        var drain: GoDuration
        var directory: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let plan: Plan
    let loop: any EventLoop

    func run() async throws -> ClientSoakReport {
        let deadPort = try HeldPort()
        let metricsPort = try HeldPort()
        defer { withExtendedLifetime((deadPort, metricsPort)) {} }
        let stage = try await loop.submit { [loop, plan] in
            NIOLoopBound(
                ClientStage(
                    loop: loop,
                    configuration: .init(
                        rate: plan.rate, behaviours: plan.behaviours, backoff: .nanoseconds(plan.backoff.nanoseconds),
                        seed: plan.seed), deadPort: deadPort.port), eventLoop: loop)
        }.get()
        let port = try await loop.flatSubmit { stage.value.open() }.get()
        let log = "\(plan.directory)/\(plan.command.name).log"
        let process = try ChildProcess(
            plan.command.command.filled([
                "proxy": "http://127.0.0.1:\(port)", "fqdn": TargetBodies.host, "port": "\(metricsPort.port)",
                "dir": plan.directory, "backoff": plan.backoff.description,
            ]), log: log)
        var report = ClientSoakReport(
            seed: plan.seed, command: plan.command.command.words, backoffSeconds: plan.backoff.seconds)
        let outcome: Result<Void, any Error>
        do {
            try await soak(stage, process, into: &report)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        let metrics = try? await HTTPGet.get(
            "/metrics", from: ProxyAddress(host: "127.0.0.1", port: metricsPort.port), on: loop)
        let page = metrics.map { MetricsPage(String(decoding: $0.body, as: UTF8.self)) }
        let isAlive = process.ended() == nil
        await process.stop()
        try await loop.submit { stage.value.close() }.get()
        try outcome.get()
        report.counters = page?.counters(prefix: "pushprox") ?? [:]
        report.lastWords = isAlive ? "" : Self.lastWords(log)
        report.logLines = (Directory.read(log) ?? "").utf8.count { $0 == 0x0A }
        report.checks = ClientSoakJudge.checks(report, clientAlive: isAlive, metrics: page)
        return report
    }

    private func soak(
        _ stage: NIOLoopBound<ClientStage>, _ process: ChildProcess, into report: inout ClientSoakReport
    ) async throws {
        guard await waits(15, process, { try await loop.submit { stage.value.isQuiet() }.get() }) else {
            throw Failure(description: "\(plan.command.name) did not poll within 15 s; does its command use {proxy}?")
        }
        let meter = ProcessMeter(pid: process.pid)
        // Its metrics' listener, and what else comes with the first second.
        try await Task.sleep(for: .seconds(1))
        report.startDescriptors = meter.descriptors() ?? 0
        report.startResidentBytes = meter.memory()?.resident ?? 0
        report.loadSeconds = plan.duration.seconds
        let curve = SoakCurve(meter)
        await curve.start()
        for (index, share) in [SoakPlan.firstShare, 1 - SoakPlan.firstShare].enumerated() where process.ended() == nil {
            let seconds = plan.duration.seconds * share
            StandardError.print("wave \(index + 1) of 2: \(Fixed.text(seconds, 0)) s of load")
            try await loop.submit { stage.value.start() }.get()
            // Ends early only when the client does.
            _ = await waits(seconds, process) { false }
            try await loop.submit { stage.value.isHandingOut = false }.get()
            let isQuiet = await waits(plan.drain.seconds, process) {
                try await loop.submit { stage.value.isQuiet() }.get()
            }
            try await loop.submit { stage.value.comeToRest() }.get()
            let start = report.startDescriptors
            _ = await waits(plan.drain.seconds, process) {
                (meter.descriptors() ?? 0) <= start + ClientSoakJudge.descriptorAllowance
            }
            // Memory follows descriptors.
            try await Task.sleep(for: .seconds(2))
            let counts = try await loop.submit { stage.value.ledger.counts }.get()
            report.waves.append(
                .init(
                    counts: counts, isQuiet: isQuiet, restResidentBytes: meter.memory()?.resident ?? 0,
                    restDescriptors: meter.descriptors() ?? 0))
        }
        report.samples = await curve.stop()
    }

    /// The line of a log that says why a program died, as well as one can tell.
    private static func lastWords(_ log: String) -> String {
        let lines = (Directory.read(log) ?? "").split(separator: "\n")
        return String((lines.first { $0.contains("Fatal error") } ?? lines.last ?? "").prefix(300))
    }

    /// Whether `holds` comes true within so many seconds, while the client runs.
    private func waits(_ seconds: Double, _ process: ChildProcess, _ holds: () async throws -> Bool) async -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(seconds)
        while clock.now < deadline, process.ended() == nil {
            if (try? await holds()) == true { return true }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return false
    }
}
