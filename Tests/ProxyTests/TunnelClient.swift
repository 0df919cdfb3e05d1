import Clients
import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Proxy

/// A client with a tunnel, driven event by event.
final class TunnelClient {
    let connection: RawConnection
    var end: ClientEnd

    private init(_ connection: RawConnection, _ end: ClientEnd) {
        self.connection = connection
        self.end = end
    }

    /// A request for a tunnel.
    ///
    /// - Parameter fields: What it shows, with line ends.
    static func request(_ fields: String = "") -> ByteBuffer {
        var request = ByteBuffer(string: "GET /tunnel HTTP/1.1\r\nHost: p\r\n\(fields)")
        WebSocketHandshake().writeRequestFields(into: &request)
        request.writeString("\r\n")
        return request
    }

    static func open(
        _ it: TestProxy, _ names: [String], _ fields: String = "", instance: InstanceID = InstanceID(),
        streams: Int = 100, declaring declarations: [FQDN: Declaration] = [:]
    ) async throws -> TunnelClient {
        try await open(
            on: try await it.connect(), names, fields, instance: instance, streams: streams, declaring: declarations)
    }

    static func open(
        on connection: RawConnection, _ names: [String], _ fields: String = "", instance: InstanceID = InstanceID(),
        streams: Int = 100, declaring declarations: [FQDN: Declaration] = [:]
    ) async throws -> TunnelClient {
        try await connection.send(request(fields))
        let head = try await connection.text(upTo: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 101 "))
        let end = ClientEnd(
            TunnelSettings(),
            hello: Hello(
                names: names.compactMap { FQDN($0) }, streams: streams, instance: instance, declarations: declarations),
            at: .now())
        let client = TunnelClient(connection, end)
        try await client.write()
        return client
    }

    func write() async throws {
        while let bytes = end.takeOutput(atMost: 65_536) { try await connection.send(bytes) }
    }

    /// The next event but for round trips.
    func next() async throws -> ClientEnd.Event {
        while true {
            if let event = end.next(at: .now()) {
                try await write()
                if case .roundTrip = event { continue }
                return event
            }
            try await write()
            let bytes = try await connection.wait { buffer -> ByteBuffer? in
                guard buffer.readableBytes > 0 else { return nil }
                defer { buffer.clear() }
                return ByteBuffer(bytes: buffer.readableBytesView)
            }
            end.received(bytes, at: .now())
        }
    }

    func welcome() async throws -> Welcome {
        guard case .welcome(let welcome) = try await next() else { throw TestProxy.Missing(what: "WELCOME") }
        return welcome
    }

    func opened() async throws -> (stream: TunnelStreamID, request: String) {
        guard case .opened(let stream, _, _, let request) = try await next() else {
            throw TestProxy.Missing(what: "OPEN")
        }
        return (stream, String(buffer: request))
    }

    func answer(_ stream: TunnelStreamID, _ text: String) async throws {
        end.send(stream, ByteBuffer(string: text))
        end.end(stream)
        try await write()
    }
}
