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
    /// How the load speaks to those that it does not speak plain HTTP and polls to.
    var dialects: [Dialect] = []
    /// Sends `X-Pushprox-Instance` with polls.
    var sendsInstance = false
    /// CPUs of their own for contestants and load; `nil` lets the kernel choose.
    var pinning: Pinning?
    /// Where every run gets a folder: `{dir}` of the commands, logs.
    var directory: String

    /// The contestants of a workload: its clients' commands or its proxies'.
    func contestants(of workload: Workload) -> [NamedCommand] { workload == .client ? clients : proxies }

    func dialect(of name: String) -> Set<Dialect.Word> { dialects.first { $0.name == name }?.words ?? [] }

    /// How a contestant, or a program beside it, is started.
    func words(_ filled: [String], isMeasured: Bool) -> [String] {
        guard let pinning else { return filled }
        return isMeasured ? pinning.measuring(filled) : pinning.loading(filled)
    }
}
