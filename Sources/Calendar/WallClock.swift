import Glibc

/// The time of day, for people and for the record. It may be set at any time, so nothing is measured with it.
public enum WallClock {
    /// Unix time in milliseconds.
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
