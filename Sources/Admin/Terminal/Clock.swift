import Calendar
import Glibc

/// The two clocks, for the shell around the model.
enum Clock {
    static func moment() -> Moment {
        let wall = WallClock.now()
        var steady = timespec()
        clock_gettime(CLOCK_MONOTONIC, &steady)
        var seconds = time_t(wall / 1000)
        var local = tm()
        localtime_r(&seconds, &local)
        return Moment(
            wall: wall, uptime: Int64(steady.tv_sec) * 1000 + Int64(steady.tv_nsec) / 1_000_000,
            utcOffset: Int(local.tm_gmtoff))
    }
}
