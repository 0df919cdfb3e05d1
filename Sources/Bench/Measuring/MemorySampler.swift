/// Resident memory of a process while something runs, four times a second.
actor MemorySampler {
    private let meter: ProcessMeter
    private var samples: [Double] = []
    private var task: Task<Void, Never>?

    init(_ meter: ProcessMeter) { self.meter = meter }

    func start() {
        task = Task { [weak self] in
            while !Task.isCancelled {
                await self?.sample()
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func sample() {
        // A day's worth.
        guard samples.count < 345_600, let memory = meter.memory() else { return }
        samples.append(Double(memory.resident))
    }

    /// Bytes; empty when the process could not be seen.
    func stop() -> [Double] {
        task?.cancel()
        sample()
        return samples
    }
}
