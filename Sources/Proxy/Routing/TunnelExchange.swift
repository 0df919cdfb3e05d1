import NIOCore
import Tunnel
import Web
import Wire

/// One `GET /tunnel`: a client that wants to be handed scrapes on this very connection. The request has been checked; it is answered 101,
/// and the connection is a `TunnelConnection`'s from then on.
final class TunnelExchange: Exchange {
    private let handshake: WebSocketHandshake
    private let connection: ServerConnection
    private let service: TunnelService
    private let agent: String?

    init(_ handshake: WebSocketHandshake, _ head: RequestHead, connection: ServerConnection, service: TunnelService) {
        self.handshake = handshake
        self.connection = connection
        self.service = service
        agent = head.message.first("User-Agent").map { $0.prefix(utf8Bytes: 200).withoutControls }
    }

    func bodyEnded() {
        guard !service.dispatcher.isShuttingDown else {
            service.metrics.tunnelsRefused[.busy]?.increment()
            return connection.respond(
                .text(503, "the proxy is shutting down", fields: [("Retry-After", "1")], closes: true))
        }
        var answer = ByteBuffer()
        answer.reserveCapacity(256)
        handshake.writeAnswer(into: &answer)
        let tunnel = TunnelConnection(
            service, on: connection.eventLoop, visitor: connection.identity as? Visitor,
            address: connection.peerAddress, agent: agent)
        // Does nothing where the peer has gone meanwhile.
        _ = connection.handOver(status: 101, head: answer) { channel in
            try channel.pipeline.syncOperations.addHandler(tunnel)
        }
    }
}
