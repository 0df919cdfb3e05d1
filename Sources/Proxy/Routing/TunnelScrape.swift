import NIOCore
import Tunnel
import Wire

/// One scrape in a tunnel: the source of its response. `StreamFlow` decides, the tunnel carries out.
///
/// `@unchecked Sendable`: what changes is confined to the tunnel's event loop; what other threads may call hops there first.
final class TunnelScrape: ResponseSource, @unchecked Sendable {
    let id: ScrapeID
    let stream: TunnelStreamID
    let scraper: any ScrapePort
    var flow: StreamFlow
    /// The read under way brought bytes for it.
    var isTouched = false
    private let tunnel: TunnelConnection

    init(_ delivered: Delivered<LivePorts>, _ stream: TunnelStreamID, of tunnel: TunnelConnection) {
        id = delivered.scrape
        scraper = delivered.scraper
        self.stream = stream
        self.tunnel = tunnel
        flow = StreamFlow(maxHeadBytes: tunnel.service.maxHeadBytes)
    }

    // MARK: ResponseSource

    func relayed(_ bytes: Int) {
        tunnel.loop.nowOrLater {
            self.tunnel.run(self.flow.relayed(), of: self)
            self.tunnel.settle()
        }
    }

    func abandon() {
        tunnel.loop.nowOrLater {
            self.tunnel.run(self.flow.abandoned(), of: self)
            self.tunnel.settle()
        }
    }
}
