/// What else the machine did while something was measured, and whether that was too much.
struct Disturbance: Sendable, Codable, Equatable {
    /// Share of all CPUs' time that was taken by programs outside the measurement, 0 … 1.
    var others: Double
    /// Share that the hypervisor took, 0 … 1.
    var stolen: Double
    /// Share of all CPUs' time that was used by anything, 0 … 1.
    var busy: Double

    /// Beyond these a figure means nothing. The kernel's account of the whole machine is sampled, so they are not lower.
    static let othersLimit = 0.08
    static let stolenLimit = 0.02

    /// `own` is the CPU time, in seconds, of the programs that were measured and of those that measured.
    init(from before: MachineUse, to after: MachineUse, own: Double) {
        let total = max(after.total - before.total, 0.01)
        let used = after.busy - before.busy
        others = min(1, max(0, used - own) / total)
        stolen = min(1, max(0, after.stolen - before.stolen) / total)
        busy = min(1, max(used, 0) / total)
    }

    var isTooMuch: Bool { others > Self.othersLimit || stolen > Self.stolenLimit }
}
