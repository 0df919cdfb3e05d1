import NIOCore
import Tunnel
import Wire

/// One connection in a tunnel, at the client's end.
///
/// `@unchecked Sendable`: what changes is confined to the tunnel's event loop; what other threads may call hops there first.
final class TunnelConnect: ConnectSource, @unchecked Sendable {
    let id: ScrapeID
    let stream: TunnelStreamID
    /// The scraper's end, once the client has connected.
    var port: (any ConnectPort)?
    private let tunnel: TunnelConnection

    init(_ id: ScrapeID, _ stream: TunnelStreamID, of tunnel: TunnelConnection) {
        self.id = id
        self.stream = stream
        self.tunnel = tunnel
    }

    // MARK: ConnectEnd

    func take(_ bytes: ByteBuffer) {
        tunnel.loop.nowOrLater {
            guard self.tunnel.wire.isUnderWay(self.stream) else { return }
            self.tunnel.wire.send(self.stream, bytes)
            self.tunnel.settle()
        }
    }

    func takeEnd() {
        tunnel.loop.nowOrLater {
            self.tunnel.wire.end(self.stream)
            self.tunnel.settle()
            self.tunnel.forgetIfOver(self)
        }
    }

    func taken(_ bytes: Int) {
        tunnel.loop.nowOrLater {
            self.tunnel.wire.passedOn(self.stream, bytes, at: self.tunnel.loop.now)
            self.tunnel.settle()
        }
    }

    func abort() {
        tunnel.loop.nowOrLater {
            self.tunnel.wire.reset(self.stream)
            self.tunnel.forget(self)
            self.tunnel.settle()
        }
    }
}
