import NIOCore
import NIOSSL

/// An HTTP intermediary that knows nothing of upgrades, as most are that nobody told: it passes each request on without the fields that are for one
/// hop alone (RFC 9110, section 7.6.1), so without `Upgrade`. It is a gateway to a server, a proxy for whoever asks in absolute form, or both.
///
/// Whatever host a request names, it is on this machine.
public final class Intermediary: Sendable {
    public enum Connects: Sendable {
        /// CONNECT opens a way to the port that it names.
        case opens
        /// CONNECT is answered 403.
        case forbids
    }

    /// On 127.0.0.1.
    public let port: Int
    private let listener: RawListener
    private let serving: Task<Void, Never>

    private init(listener: RawListener, serving: Task<Void, Never>) {
        self.listener = listener
        self.port = listener.port
        self.serving = serving
    }

    /// - Parameters:
    ///   - server: the port that requests in origin form go to.
    ///   - certificate: what it shows; `nil` for no TLS.
    public static func start(
        to server: Int = 0, connects: Connects = .forbids, certificate: TestAuthority.Pair? = nil
    ) async throws -> Intermediary {
        let tls = try certificate.map { pair in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) },
                    privateKey: .privateKey(NIOSSLPrivateKey(file: pair.key, format: .pem))))
        }
        let listener = try await RawListener.open { channel in
            guard let tls else { return }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
        }
        let serving = Task {
            await withDiscardingTaskGroup { group in
                for await connection in listener.connections {
                    group.addTask {
                        try? await serve(connection, server, connects)
                        await connection.close()
                    }
                }
            }
        }
        return Intermediary(listener: listener, serving: serving)
    }

    public func stop() async {
        await listener.close()
        serving.cancel()
    }

    /// One request; the connection ends with its answer.
    private static func serve(_ near: RawConnection, _ server: Int, _ connects: Connects) async throws {
        let lines = try await near.text(upTo: "\r\n\r\n").split(separator: "\r\n").map(String.init)
        guard let first = lines.first else { return }
        let words = first.split(separator: " ").map(String.init)
        guard words.count == 3 else { return }
        if words[0] == "CONNECT" {
            guard case .opens = connects, let port = words[1].split(separator: ":").last.flatMap({ Int($0) }) else {
                return try await near.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            }
            let far = try await RawConnection.open(port: port)
            try await near.send("HTTP/1.1 200 Connected\r\n\r\n")
            return await RawConnection.join(near, far)
        }
        let (port, path) = destination(words[1], server)
        let far = try await RawConnection.open(port: port)
        let kept = lines.dropFirst().filter { line in
            let name = line.prefix { $0 != ":" }.lowercased()
            return name != "connection" && name != "upgrade" && !name.hasPrefix("proxy-")
        }
        let head = ["\(words[0]) \(path) HTTP/1.1"] + kept + ["Via: 1.1 test", "Connection: close"]
        try await far.send(head.joined(separator: "\r\n") + "\r\n\r\n")
        await RawConnection.join(near, far)
    }

    /// Where a request goes, and the path that it asks for there.
    private static func destination(_ uri: String, _ server: Int) -> (port: Int, path: String) {
        guard let scheme = uri.firstRange(of: "://") else { return (server, uri) }
        let rest = uri[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let port = authority.split(separator: ":").dropFirst().last.flatMap { Int($0) } ?? 80
        return (port, rest.count > authority.count ? String(rest.dropFirst(authority.count)) : "/")
    }
}
