import Glibc

/// The machine's CPU accounts at a moment, in seconds summed over its CPUs: the first line of `/proc/stat`.
struct MachineUse: Sendable, Equatable {
    /// All but idle and waiting for a disk; stolen time not included.
    var busy = 0.0
    /// Time that the hypervisor gave to others.
    var stolen = 0.0
    var total = 0.0

    init() {}

    static func now() -> MachineUse { Directory.read("/proc/stat").flatMap { MachineUse($0) } ?? MachineUse() }

    /// `nil` for text that does not begin like `/proc/stat`.
    init?(_ text: String) {
        let fields = text.prefix { $0 != "\n" }.split(separator: " ")
        guard fields.first == "cpu", fields.count >= 9 else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let seconds = fields.dropFirst().prefix(8).map { (Double($0) ?? 0) / ticks }
        // user nice system idle iowait irq softirq steal; guest time is part of user and nice.
        stolen = seconds[7]
        busy = seconds[0] + seconds[1] + seconds[2] + seconds[5] + seconds[6]
        total = seconds.reduce(0, +)
    }
}
