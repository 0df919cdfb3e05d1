import NIOCore

/// What newcomers met with.
struct VisitCounts: Sendable, Codable, Equatable {
    var made = 0
    /// No connection, no answer, or one that is not 200.
    var failed = 0
    /// The longest from connecting to the last byte of the answer, in seconds.
    var slowest = 0.0

    static func + (left: VisitCounts, right: VisitCounts) -> VisitCounts {
        VisitCounts(
            made: left.made + right.made, failed: left.failed + right.failed,
            slowest: max(left.slowest, right.slowest))
    }
}

/// Comes twice a second on a connection of its own while others hold theirs: those who behave and come late must find a slot.
actor Visitor {
    private let proxy: ProxyAddress
    private let loop: any EventLoop
    private var counts = VisitCounts()
    private var task: Task<Void, Never>?

    init(_ proxy: ProxyAddress, on loop: any EventLoop) {
        self.proxy = proxy
        self.loop = loop
    }

    func start() {
        task = Task { [weak self] in
            while !Task.isCancelled {
                await self?.visit()
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func visit() async {
        let clock = ContinuousClock()
        let began = clock.now
        let answer = try? await HTTPGet.get("/metrics", from: proxy, on: loop)
        let elapsed = (clock.now - began) / .seconds(1)
        counts = counts + VisitCounts(made: 1, failed: answer?.status == 200 ? 0 : 1, slowest: elapsed)
    }

    /// Waits for the visit that is under way.
    func stop() async -> VisitCounts {
        task?.cancel()
        await task?.value
        return counts
    }
}
