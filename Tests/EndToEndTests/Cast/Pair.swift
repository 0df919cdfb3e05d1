import Foundation
import TestKit

/// A proxy and a client, ours or upstream's.
struct Pair: Sendable, CustomStringConvertible {
    enum Make: String, Sendable { case ours, upstreams }

    var proxy: Make
    var client: Make

    var description: String { "\(proxy) proxy, \(client) client" }

    /// The folder with upstream's `pushprox-proxy` and `pushprox-client`, where somebody has built them.
    static let upstream = ProcessInfo.processInfo.environment["PUSHPROX_UPSTREAM_BIN"]

    /// Every pair that can be had. What upstream's programs send and expect is also replayed byte for byte in `ReplayTests`,
    /// which needs none of them.
    static let available: [Pair] =
        [Pair(proxy: .ours, client: .ours)]
        + (upstream == nil
            ? []
            : [
                Pair(proxy: .ours, client: .upstreams), Pair(proxy: .upstreams, client: .ours),
                Pair(proxy: .upstreams, client: .upstreams),
            ])

    /// Starts both and waits until the client has registered; stops them after `body`.
    func run(_ body: (_ proxyPort: Int) async throws -> Void) async throws {
        let proxy = try await startProxy()
        let client = try await startClient(proxy.port)
        try await body(proxy.port)
        client.signal(SIGTERM)
        proxy.program.signal(SIGTERM)
        _ = try await (client.exited(), proxy.program.exited())
    }

    private func startProxy() async throws -> LiveProxy {
        guard proxy == .upstreams, let folder = Self.upstream else { return try await LiveProxy.start() }
        // Upstream's does not say which port it got, so it is given one that is held for it.
        let held = try RefusingPort()
        let port = held.port
        let program = try Program("\(folder)/pushprox-proxy", ["--web.listen-address=127.0.0.1:\(port)"])
        try await program.errors.line(with: "Listening")
        // It says so just before it does.
        try await eventually("an answer of upstream's proxy") { try? await Question.get(port: port, "/clients") }
        withExtendedLifetime(held) {}
        return LiveProxy(program: program, port: port)
    }

    private func startClient(_ port: Int) async throws -> Program {
        let program: Program
        if client == .upstreams, let folder = Self.upstream {
            program = try Program(
                "\(folder)/pushprox-client",
                ["--fqdn=localhost", "--proxy-url=http://127.0.0.1:\(port)", "--metrics-addr="])
        } else {
            program = try await LiveClient.start(proxy: port).program
        }
        try await eventually("localhost among the clients") {
            try await Question.get(port: port, "/clients").body.contains("\"localhost\"") ? true : nil
        }
        return program
    }
}
