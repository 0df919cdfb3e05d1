import Glibc

/// What a process has used, from the kernel's accounts.
struct ProcessMeter: Sendable {
    let pid: pid_t

    /// CPU time of all its threads, ended ones too, in seconds.
    ///
    /// From the process's CPU clock (clock_getcpuclockid(3)), which counts nanoseconds; `utime` and `stime` of `/proc/<pid>/stat` are the
    /// same account in ticks of 10 ms. `nil` once it has ended.
    func cpuSeconds() -> Double? {
        var clock: clockid_t = 0
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Resident memory in bytes, and its highest value so far: `VmRSS` and `VmHWM` of `/proc/<pid>/status`.
    func memory() -> (resident: Int, peak: Int)? {
        guard let text = Directory.read("/proc/\(pid)/status") else { return nil }
        var resident: Int?
        var peak: Int?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("VmRSS:") { resident = Self.kilobytes(line) }
            if line.hasPrefix("VmHWM:") { peak = Self.kilobytes(line) }
        }
        guard let resident, let peak else { return nil }
        return (resident * 1_024, peak * 1_024)
    }

    /// Open descriptors. `nil` when they cannot be seen.
    func descriptors() -> Int? { Directory.entryCount("/proc/\(pid)/fd") }

    /// Makes the peak of memory count from now, where the kernel allows it.
    func forgetPeak() { _ = Directory.write("5\n", to: "/proc/\(pid)/clear_refs") }

    private static func kilobytes(_ line: Substring) -> Int? {
        line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }
}
