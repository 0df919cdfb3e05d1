import NIOCore
import NIOPosix

/// A target for real clients: an exporter that costs as little as possible, marked as gzip. It listens on loopback addresses from
/// 127.0.0.1 up, one per client, since a client scrapes only the host that its own name resolves to.
struct Exporter: Sendable {
    let port: Int
    private let channels: [any Channel]

    /// `hosts` is 1 … 200; all listen on one port. Bodies have `size` bytes.
    static func start(hosts: Int, size: Int, on loop: any EventLoop) async throws -> Exporter {
        let payload = Payload(largest: size)
        var channels: [any Channel] = []
        var port = 0
        for number in 1...hosts {
            let channel = try await ServerBootstrap(group: loop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ExporterHandler(payload: payload, size: size))
                    }
                }
                .bind(host: host(number), port: port).get()
            port = channel.localAddress?.port ?? port
            channels.append(channel)
        }
        return Exporter(port: port, channels: channels)
    }

    /// The address of client `number`, counted from 1.
    static func host(_ number: Int) -> String { "127.0.0.\(number)" }

    func stop() async { for channel in channels { try? await channel.close() } }
}
