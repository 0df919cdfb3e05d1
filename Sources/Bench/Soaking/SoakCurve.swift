/// Memory and descriptors of a process over a soak, once a second at first; when the curve has 2,000 points every other one is dropped
/// and the pace halved.
actor SoakCurve {
    private let meter: ProcessMeter
    private var samples: [SoakSample] = []
    private var interval = 1.0
    private var task: Task<Void, Never>?
    private let clock = ContinuousClock()

    init(_ meter: ProcessMeter) { self.meter = meter }

    func start() {
        let began = clock.now
        task = Task { [weak self] in
            while !Task.isCancelled, let pause = await self?.sample(since: began) {
                try? await Task.sleep(for: .seconds(pause))
            }
        }
    }

    private func sample(since began: ContinuousClock.Instant) -> Double {
        let age = clock.now - began
        if let memory = meter.memory(), let descriptors = meter.descriptors() {
            samples.append(
                SoakSample(
                    seconds: Double(age.components.seconds) + Double(age.components.attoseconds) / 1e18,
                    residentBytes: memory.resident, descriptors: descriptors))
        }
        if samples.count >= 2_000 {
            samples = samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            interval *= 2
        }
        return interval
    }

    func stop() -> [SoakSample] {
        task?.cancel()
        return samples
    }
}
