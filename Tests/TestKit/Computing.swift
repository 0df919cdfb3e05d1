import Dispatch
import Testing

/// Runs a test on one thread that such tests share, one after the other unless they wait. For tests that compute for seconds: those
/// that wait for peers run on as many threads as there are cores, and whoever computes on one of them keeps it from all of those.
public struct Computing: TestTrait, SuiteTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ComputingThread.shared) { try await function() }
    }
}

extension Trait where Self == Computing {
    /// The test computes for seconds, and is not to be in the way of others.
    public static var computes: Self { Computing() }
}

private final class ComputingThread: TaskExecutor {
    static let shared = ComputingThread()

    private let queue = DispatchQueue(label: "tests that compute")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
