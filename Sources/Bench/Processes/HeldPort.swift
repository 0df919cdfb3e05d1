import Glibc

/// A port of 127.0.0.1 that is bound and not listened on, for as long as this lives: the system gives it to nobody else, and who
/// connects is refused.
///
/// A program that has to be told its port may listen on it meanwhile, if it sets `SO_REUSEADDR`, as Go's listeners and NIO's here
/// do. A port that was merely free a moment ago could be another's by the time the program starts.
final class HeldPort: Sendable {
    struct Unavailable: Error, CustomStringConvertible {
        let code: Int32

        var description: String { "127.0.0.1 has no port left: \(String(cString: strerror(code)))" }
    }

    let port: Int
    private let descriptor: Int32

    init() throws(Unavailable) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size)) == 0
                    && bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard isBound else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            throw Unavailable(code: code)
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
