import Glibc

/// Keeps what is measured and the load that it is measured with on CPUs of their own, by way of taskset(1). Without that, at
/// saturation, the load takes CPU time that the proxy could have used, and proxies look more alike than they are.
struct Pinning: Sendable, Equatable {
    /// Lists of CPUs as taskset takes them.
    let measured: String
    let load: String

    /// The first half of the CPUs for what is measured, the rest for the load; `nil` when there is only one.
    init?(cpus: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
        guard cpus > 1 else { return nil }
        let half = cpus / 2
        measured = half == 1 ? "0" : "0-\(half - 1)"
        load = half == cpus - 1 ? "\(half)" : "\(half)-\(cpus - 1)"
    }

    /// Moves this process, with all threads that it has and will have, to the load's CPUs.
    func takeLoadSide(log: String) async throws -> Bool {
        let process = try ChildProcess(["taskset", "-a", "-c", "-p", load, "\(getpid())"], log: log)
        while true {
            if let status = process.ended() { return status == 0 }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// `words` as a command that runs on the measured side, under the same process id.
    func measuring(_ words: [String]) -> [String] { ["taskset", "-c", measured] + words }

    /// `words` as a command that runs on the load's side.
    func loading(_ words: [String]) -> [String] { ["taskset", "-c", load] + words }
}
