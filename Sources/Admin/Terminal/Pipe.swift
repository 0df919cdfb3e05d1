import Glibc

/// A bell between two threads: bytes in it say that there is something to fetch.
struct Pipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    /// `nil` when the process has no descriptor left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    func ring() {
        var byte: UInt8 = 1
        // A full pipe rings already.
        _ = write(writeEnd, &byte, 1)
    }

    /// Takes the bytes out.
    func silence() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) == bytes.count {}
    }

    /// Waits for the bell and silences it. `false` when the pipe is broken.
    func wait() -> Bool {
        var poll = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        while Glibc.poll(&poll, 1, -1) < 0 { if errno != EINTR { return false } }
        silence()
        return poll.revents & Int16(POLLIN) != 0
    }
}
