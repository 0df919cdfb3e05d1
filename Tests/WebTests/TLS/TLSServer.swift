import Logging
import NIOCore
import NIOPosix
import Telemetry
import TestKit

@testable import Web

/// A TLS port whose connections tell what is known of their peer, and close.
struct TLSServer {
    let port: Int
    let source: TLSSource
    let registry: MetricRegistry
    /// Every failed handshake, with its reason.
    let log: LineLog

    /// A metric's value as it is exposed.
    func metric(_ name: String) -> String? {
        String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    static func run(
        _ settings: TLSSettings, limit: Int = 100, patience: TimeAmount = .seconds(300),
        body: (TLSServer) async throws -> Void
    ) async throws {
        let source = TLSSource(try ServerTLS(settings, now: 1_700_000_000))
        let registry = MetricRegistry()
        let log = LineLog()
        let group = MultiThreadedEventLoopGroup.singleton
        let handshakes = Handshakes(
            limit: limit, patience: patience, on: group.next(), metrics: TLSMetrics(in: registry, prefix: "test"),
            logger: Logger(label: "test") { _ in NotingLogHandler(log: log) })
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TLSDoor(source.current, handshakes) { channel, peer in
                            try channel.pipeline.syncOperations.addHandler(Teller(peer))
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TLSServer(
            port: channel.localAddress?.port ?? 0, source: source, registry: registry, log: log)
        do {
            try await body(server)
        } catch {
            try await channel.close().get()
            throw error
        }
        try await channel.close().get()
    }
}

/// Answers `GET` with what is known of the peer, and closes; anything else with itself.
private final class Teller: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let peer: TLSPeer

    init(_ peer: TLSPeer) { self.peer = peer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data))
        guard text.hasPrefix("GET") else {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            return
        }
        let certificate = peer.certificate
        let names = (certificate?.dnsNames ?? []) + (certificate?.addresses ?? [])
        let body =
            "version=\(peer.version.rawValue) asked=\(peer.serverName ?? "-") verified=\(peer.isVerified) "
            + "names=\(names.joined(separator: ",")) subject=\(certificate?.subject ?? "-")\n"
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Notes each line as `message key=value …`.
struct NotingLogHandler: LogHandler {
    let log: LineLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(log: LineLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        log.note("\(event.message) \(values.joined(separator: " "))")
    }
}
