import Glibc

/// The time of day, which may be set: what people and the record read, and nothing is measured with.
public enum WallClock {
    /// Unix time in milliseconds.
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
