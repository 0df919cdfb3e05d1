import Flags
import Glibc

/// The `process_*` metrics that every Prometheus client library exports, with client_golang's names and help texts.
///
/// Everything is read from the kernel when it is asked for. What can't be read (no `/proc`) is `NaN`, which Prometheus
/// stores as such, rather than a number that only looks right.
public enum ProcessMetrics {
    /// Registers the metrics of the running process.
    public static func register(in registry: MetricRegistry) {
        registry.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.") {
            cpuSeconds()
        }
        registry.gauge("process_open_fds", "Number of open file descriptors.") { openDescriptors() }
        registry.gauge("process_max_fds", "Maximum number of open file descriptors.") { maximumDescriptors() }
        registry.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.") { memoryBytes(field: 0) }
        registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.") { memoryBytes(field: 1) }
        let start = startTime()
        registry.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.") { start }
    }

    static func cpuSeconds() -> Double {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return .nan }
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    static func openDescriptors() -> Double {
        // Since Linux 6.2 the folder's size is the number of descriptors; before that it is 0 and they are counted.
        var status = stat()
        if stat("/proc/self/fd", &status) == 0, status.st_size > 0 { return Double(status.st_size) }
        guard let folder = opendir("/proc/self/fd") else { return .nan }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        // Not counted: "." and "..", and the descriptor of this very listing.
        return Double(max(0, entries - 3))
    }

    static func maximumDescriptors() -> Double {
        DescriptorLimit.current.map(Double.init) ?? .nan
    }

    /// - Parameter field: of `/proc/self/statm`: 0 the virtual size, 1 the resident set; both there in pages.
    static func memoryBytes(field: Int) -> Double {
        let fields = read("/proc/self/statm").split(separator: " ")
        guard field < fields.count, let pages = Double(fields[field]) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Seconds since 1970: the boot time plus the ticks after which this process began.
    static func startTime() -> Double {
        // The second field is the program's name in brackets and may itself hold spaces and brackets.
        let status = read("/proc/self/stat")
        guard let bracket = status.lastIndex(of: ")") else { return .nan }
        let fields = status[bracket...].dropFirst().split(separator: " ")
        let boot = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        // Field 22 of the whole line is the 20th after the name.
        guard fields.count > 19, let ticks = Double(fields[19]), let boot, let bootTime = Double(boot.dropFirst(6))
        else {
            return .nan
        }
        return bootTime + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A file of `/proc` as text; empty when it can't be read. At most 1 MiB.
    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1_048_576 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
