import Glibc
import NIOCore

extension Channel {
    /// Closes with an RST: what the other end has not read is lost.
    func closeWithReset() {
        guard let socket = self as? any SocketOptionProvider else { return close(promise: nil) }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
