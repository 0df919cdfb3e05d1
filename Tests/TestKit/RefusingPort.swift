import Foundation

/// A port of 127.0.0.1 that refuses connections: bound, so that nobody else is given it, and not listened on.
///
/// A program that sets `SO_REUSEADDR`, as ours and Go's do, may listen on it all the same: a port for those that can't say which
/// one they were given.
public final class RefusingPort: Sendable {
    public let port: Int
    private let descriptor: Int32

    public struct Unavailable: Error { public let code: Int32 }

    public init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        var yes: Int32 = 1
        let shares =
            bound
            && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size)) == 0
        guard shares else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            throw Unavailable(code: code)
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
