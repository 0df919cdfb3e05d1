import Glibc
import TestKit

/// What lies between a client and its proxy.
enum Road: String, CaseIterable, Sendable, CustomStringConvertible {
    case plain = "plain HTTP"
    case tls = "TLS"
    case httpProxy = "HTTP_PROXY"
    case httpsProxy = "HTTPS_PROXY"
    case nginx = "nginx in front, with TLS, a password and a path prefix"
    case haproxy = "HAProxy in front, with TLS"

    var description: String { rawValue }

    /// A proxy, and a client at the other end of a road.
    struct Travel {
        let proxy: LiveProxy
        let client: LiveClient
        /// What lies between them.
        let gateway: Gateway?
        let intermediaries: [Intermediary]
        /// Holds the files of all of them.
        let authority: TestAuthority

        /// Ends all in good order.
        func stop() async throws -> [Program.Exit] {
            let exits = [try await client.program.stop(), try await proxy.program.stop()]
            _ = try await gateway?.program.stop()
            for intermediary in intermediaries { await intermediary.stop() }
            return exits
        }
    }

    /// A name that is not this machine's own: to that a client goes past HTTP proxies.
    private static let name = "proxy.example.org"

    /// Starts everything.
    ///
    /// - Parameter open: whether the road lets upgrades through. Where it does not: plain HTTP and TLS have a gateway on the way that knows none, as
    ///   has the far end of HTTPS_PROXY; HTTP_PROXY forbids CONNECT; nginx and HAProxy don't have the lines for it.
    func travel(open: Bool) async throws -> Travel {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("gateway", "DNS:localhost,DNS:\(Self.name)")
        let web = try authority.folder.write(
            "tls_server_config:\n  cert_file: \(pair.certificate)\n  key_file: \(pair.key)\n", to: "web.yml")
        let proxy = try await LiveProxy.start(
            "--web.client-listen-address=127.0.0.1:0", "--web.client-config.file=\(web)")
        let tlsPort = try LogText.port(in: try await proxy.program.errors.line(with: "listening", "listener=clients"))

        var gateway: Gateway?
        var intermediaries: [Intermediary] = []
        let url: String
        var flags = ["--tls.cacert=\(authority.certificate)"]
        var environment: [String: String] = [:]
        // What knows no upgrades, with TLS and without.
        func between(_ pair: TestAuthority.Pair? = nil) async throws -> Int {
            intermediaries.append(try await Intermediary.start(to: proxy.port, certificate: pair))
            return intermediaries[0].port
        }
        func forward(_ connects: Intermediary.Connects) async throws -> String {
            let forward = try await Intermediary.start(connects: connects)
            intermediaries.append(forward)
            return "http://127.0.0.1:\(forward.port)"
        }
        switch self {
        case .plain:
            url = "http://localhost:\(open ? proxy.port : try await between())/"
        case .tls:
            url = "https://localhost:\(open ? tlsPort : try await between(pair))/"
        case .httpProxy:
            url = "http://\(Self.name):\(proxy.port)/"
            environment["HTTP_PROXY"] = try await forward(open ? .opens : .forbids)
        case .httpsProxy:
            url = "https://\(Self.name):\(open ? tlsPort : try await between(pair))/"
            environment["HTTPS_PROXY"] = try await forward(.opens)
        case .nginx:
            let front = try await Gateway.nginx(to: proxy, tunnels: open, pair, in: authority.folder)
            url = "https://\(Gateway.user)@localhost:\(front.port)/pushprox/"
            let password = try authority.folder.write(Gateway.password, to: "password")
            chmod(password, 0o600)
            flags.append("--proxy.password-file=\(password)")
            gateway = front
        case .haproxy:
            let front = try await Gateway.haproxy(to: proxy, tunnels: open, pair, in: authority.folder)
            url = "https://localhost:\(front.port)/"
            gateway = front
        }
        let client = try await LiveClient.start(url: url, flags, environment: environment)
        return Travel(
            proxy: proxy, client: client, gateway: gateway, intermediaries: intermediaries, authority: authority)
    }
}
