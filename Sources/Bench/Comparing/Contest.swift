import Flags

/// Everything that a comparison was asked for.
struct Contest: Sendable {
    var proxies: [NamedCommand]
    var clients: [NamedCommand] = []
    var workloads: [Workload]
    var pairs: Int
    var warmup: GoDuration
    var window: GoDuration
    /// How long a process is left alone before its memory is read.
    var settle: GoDuration
    /// Sends `X-Pushprox-Instance` with polls.
    var sendsInstance = false
    /// Where every run gets a folder: `{dir}` of the commands, logs.
    var directory: String

    /// The contestants of a workload: its clients' commands or its proxies'.
    func contestants(of workload: Workload) -> [NamedCommand] { workload == .client ? clients : proxies }
}
