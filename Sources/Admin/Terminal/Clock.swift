import Glibc

/// The two clocks, for the shell around the model.
enum Clock {
    static func moment() -> Moment {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        var steady = timespec()
        clock_gettime(CLOCK_MONOTONIC, &steady)
        var seconds = wall.tv_sec
        var local = tm()
        localtime_r(&seconds, &local)
        return Moment(
            wall: milliseconds(wall), uptime: milliseconds(steady), utcOffset: Int(local.tm_gmtoff))
    }

    private static func milliseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
