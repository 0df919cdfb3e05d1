import NIOCore

import struct Glibc.linger

extension Channel {
    /// Closes the connection with a reset, beneath whatever handlers it has: the peer can't take that for the end of what it reads. TLS
    /// is passed by, which would say goodbye in good order (`close_notify`). To be called on the channel's event loop.
    public func closeWithReset() {
        let beneath = try? pipeline.syncOperations.context(handlerType: TransportEnd.self)
        guard let provider = self as? any SocketOptionProvider else {
            beneath?.close(promise: nil) ?? close(promise: nil)
            return
        }
        // A reset instead of an orderly close; the option can fail only on a socket that is gone already.
        provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            if let beneath { beneath.close(promise: nil) } else { self.close(promise: nil) }
        }
    }
}

/// Stands next to the socket, in front of a listener's steps: what is done from here passes them by.
final class TransportEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
}
