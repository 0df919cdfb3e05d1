import TestKit

/// `pushprox-client` as a process.
struct LiveClient: Sendable {
    let program: Program
    /// Of `/metrics`.
    let port: Int

    /// Starts it and waits until it serves its metrics.
    ///
    /// - Parameter fqdn: what it registers as. Targets are at that host, so it is a name of this machine.
    static func start(
        proxy port: Int, fqdn: String = "localhost", _ flags: String...
    ) async throws -> LiveClient {
        try await start(url: "http://127.0.0.1:\(port)/", fqdn: fqdn, flags)
    }

    /// - Parameters:
    ///   - url: of the proxy.
    ///   - environment: such as what names an HTTP proxy.
    static func start(
        url: String, fqdn: String = "localhost", _ flags: [String] = [], environment: [String: String] = [:]
    ) async throws -> LiveClient {
        let program = try Program(
            Executable.built("pushprox-client"),
            ["--proxy-url=\(url)", "--fqdn=\(fqdn)", "--metrics-addr=127.0.0.1:0"] + flags,
            environment: environment)
        let line = try await program.errors.line(with: "serving metrics", "address=")
        return LiveClient(program: program, port: try LogText.port(in: line))
    }
}
