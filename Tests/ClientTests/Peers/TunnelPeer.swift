import Failures
import NIOCore
import Testing
import Tunnel
import Wire

@testable import Client

/// A proxy's end of a tunnel, under the test's control. One task reads; any may act.
final class TunnelPeer: Sendable {
    struct Ended: Error { let how: TunnelClosing? }

    /// What the client asked with.
    let request: ScriptedServer.Request
    private let end: Box<ProxyEnd>

    private init(_ request: ScriptedServer.Request, _ settings: TunnelSettings) {
        self.request = request
        end = Box(ProxyEnd(settings, at: .now()))
    }

    /// Takes a request for a tunnel: 101, and nothing more yet.
    static func open(
        _ request: ScriptedServer.Request, _ settings: TunnelSettings = TunnelSettings()
    ) async throws -> TunnelPeer {
        var bytes = ByteBuffer(string: request.head + "\r\n\r\n")
        var parser = HeadParser(.request, maxBytes: 65_536)
        let head = try #require(try RequestHead.parse(&bytes, with: &parser))
        var answer = ByteBuffer()
        try WebSocketHandshake(request: head).writeAnswer(into: &answer)
        try await request.peer.write(Array(answer.readableBytesView))
        return TunnelPeer(request, settings)
    }

    /// The same, with HELLO taken and WELCOME sent.
    static func welcome(
        _ request: ScriptedServer.Request, _ settings: TunnelSettings = TunnelSettings()
    ) async throws -> TunnelPeer {
        let peer = try await open(request, settings)
        _ = try await peer.hello()
        try await peer.act { $0.welcome(refused: [], at: .now()) }
        return peer
    }

    func hello() async throws -> Hello {
        guard case .hello(let hello) = try await next() else { throw Ended(how: nil) }
        return hello
    }

    /// Does something, and sends what that takes.
    @discardableResult
    func act<Result: Sendable>(_ body: (inout ProxyEnd) -> Result) async throws -> Result {
        let result = end.change { body(&$0) }
        try await flush()
        return result
    }

    func flush() async throws {
        while let output = end.change({ $0.takeOutput(atMost: 65_536) }) {
            try await request.peer.write(Array(output.readableBytesView))
        }
    }

    /// What the client does next; round trips aside.
    func next() async throws -> ProxyEnd.Event {
        while true {
            if let event = end.change({ $0.next(at: .now()) }) {
                switch event {
                case .roundTrip, .sent: continue
                default: break
                }
                if case .closed = event { try? await flush() }
                return event
            }
            try await flush()
            do {
                let bytes = try await request.peer.readSome()
                end.change { $0.received(bytes, at: .now()) }
            } catch is Peer.Ended {
                end.change { $0.connectionLost() }
                guard !end.value.isOver || end.value.streamCount > 0 else {
                    if let event = end.change({ $0.next(at: .now()) }) { return event }
                    throw Ended(how: nil)
                }
            }
        }
    }

    /// How the client ends the tunnel; all else is dropped.
    func closed() async throws -> TunnelClosing {
        while true { if case .closed(let how) = try await next() { return how } }
    }

    /// Opens a scrape of a target on this machine.
    func scrape(
        _ port: Int, path: String = "/metrics", host: String = "127.0.0.1", method: String = "GET",
        milliseconds: UInt32 = 10_000
    ) async throws -> TunnelStreamID {
        let stream = try await act { end in
            end.open(.scrape, milliseconds: milliseconds, at: .now()) {
                $0.writeString(
                    "\(method) http://\(host):\(port)\(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n"
                        + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n")
            }
        }
        return try #require(stream)
    }

    func connect(_ authority: String, milliseconds: UInt32 = 10_000) async throws -> TunnelStreamID {
        let stream = try await act { end in
            end.open(.connection, milliseconds: milliseconds, at: .now()) {
                $0.writeString("CONNECT \(authority) HTTP/1.1\r\n\r\n")
            }
        }
        return try #require(stream)
    }

    /// What a stream brought: the bytes, and why the client gave it up where it did.
    struct Response {
        var bytes = ByteBuffer()
        var reset: (FailureKind, String)?
        var text: String { String(buffer: bytes) }
    }

    /// What comes on this stream, until it ends; what others bring meanwhile is dropped.
    func response(_ stream: TunnelStreamID) async throws -> Response {
        try await responses([stream])[stream] ?? Response()
    }

    /// What comes on these streams, in whatever order, until all of them have ended.
    func responses(_ streams: Set<TunnelStreamID>) async throws -> [TunnelStreamID: Response] {
        var responses: [TunnelStreamID: Response] = [:]
        var open = streams
        while !open.isEmpty {
            switch try await next() {
            case .data(let stream, let piece) where open.contains(stream):
                responses[stream, default: Response()].bytes.writeImmutableBuffer(piece)
                try await act { $0.passedOn(stream, piece.readableBytes, at: .now()) }
            case .ended(let stream): open.remove(stream)
            case .reset(let stream, let kind, let text):
                responses[stream, default: Response()].reset = (kind, text)
                open.remove(stream)
            case .closed(let how): throw Ended(how: how)
            default: break
            }
        }
        return responses
    }
}
