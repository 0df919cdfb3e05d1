import Flags
import Logging
import NIOCore
import NIOPosix
import Telemetry
import TestKit
import Wire

@testable import Web

/// A TLS port whose connections tell what is known of their peer.
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
        _ settings: TLSSettings, limit: Int = 100, patience: GoDuration = .seconds(300), maxConnections: Int = 1000,
        body: (TLSServer) async throws -> Void
    ) async throws {
        let source = TLSSource(try ServerTLS(settings, now: 1_700_000_000))
        let registry = MetricRegistry()
        let log = LineLog()
        let group = MultiThreadedEventLoopGroup.singleton
        let logger = Logger(label: "test") { _ in NotingLogHandler(log: log) }
        let handshakes = Handshakes(
            limit: limit, patience: .nanoseconds(patience.nanoseconds), on: group.next(),
            metrics: TLSMetrics(in: registry, prefix: "test"), logger: logger)
        let service = WebService(
            on: group, limits: WebLimits(maxConnections: maxConnections, readHeaderTimeout: patience),
            metrics: WebMetrics(in: registry, prefix: "test"), logger: logger)
        let listener = try await WebListener.bind(
            ListenerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0), router: Teller(),
                steps: [TLSStep(source, handshakes: handshakes)]),
            in: service)
        let server = TLSServer(port: listener.address.port, source: source, registry: registry, log: log)
        do {
            try await body(server)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }
}

/// Answers with what is known of the peer.
private struct Teller: Router {
    func route(for head: RequestHead) -> RoutedRequest<Void> { RoutedRequest(.open, plan: ()) }

    func exchange(for plan: Void, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        if head.target == "/large" {
            return Answer(connection, Response(status: 200, contentType: nil, body: [Echo.large]))
        }
        let security = connection.peer.security
        let certificate = security?.certificate
        let names = (certificate?.dnsNames ?? []) + (certificate?.ipAddresses ?? [])
        return Answer(
            connection,
            .text(
                200,
                "version=\(security?.version ?? "-") asked=\(security?.serverName ?? "-") "
                    + "alpn=\(security?.applicationProtocol ?? "-") names=\(names.joined(separator: ",")) "
                    + "subject=\(certificate?.subject ?? "-")"))
    }
}

extension RawConnection {
    /// Asks, and gives the answer's body.
    func ask() async throws -> String {
        try await send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        return try await response().body
    }
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

extension ServerTLS {
    init(_ settings: TLSSettings, now: Int64) throws(TLSSettings.Unusable) {
        var files = FilesRead()
        try self.init(settings, reading: &files, now: now)
    }
}
