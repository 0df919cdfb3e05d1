import Glibc

extension CompareReport.Machine {
    /// The machine that this runs on, as the kernel describes it.
    static func current() -> CompareReport.Machine {
        var memory = 0.0
        for line in (Directory.read("/proc/meminfo") ?? "").split(separator: "\n") where line.hasPrefix("MemTotal:") {
            memory = (line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 1_024
        }
        let model =
            (Directory.read("/proc/cpuinfo") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last.map(String.init) ?? "unknown"
        let kernel = (Directory.read("/proc/sys/kernel/osrelease") ?? "unknown").prefix { $0 != "\n" }
        return CompareReport.Machine(
            cpus: sysconf(Int32(_SC_NPROCESSORS_ONLN)), model: String(model.drop { $0 == " " }), kernel: String(kernel),
            memoryBytes: memory)
    }
}
