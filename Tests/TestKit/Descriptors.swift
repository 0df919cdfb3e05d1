import Foundation

/// This process's descriptors.
enum Descriptors {
    /// Keeps everything that is open now, but for standard input, output and error, from the next child. NIO's sockets are made to be
    /// inherited: a child would keep the ports of other tests taken.
    static func keepFromChildren() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
