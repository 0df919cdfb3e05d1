import TestKit

/// `pushprox-proxy` as a process, serving.
struct LiveProxy: Sendable {
    let program: Program
    let port: Int

    var url: String { "http://127.0.0.1:\(port)/" }

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - database: the record's file; `nil` turns the record off.
    ///   - port: 0 lets the system choose.
    ///   - shell: a command of the shell that it starts behind, such as one that sets a limit.
    static func start(
        database: String? = nil, port: Int = 0, under shell: String? = nil, _ flags: String...
    ) async throws -> LiveProxy {
        let path = try Executable.built("pushprox-proxy")
        let arguments = ["--web.listen-address=127.0.0.1:\(port)", "--storage.path", database ?? ""] + flags
        let program =
            try shell.map { try Program("/bin/sh", ["-c", "\($0) && exec \"$0\" \"$@\"", path] + arguments) }
            ?? Program(path, arguments)
        let line = try await program.errors.line(with: "msg=listening", "address=")
        return LiveProxy(program: program, port: try LogText.port(in: line))
    }

    func get(_ path: String) async throws -> RawResponse { try await Question.get(port: port, path) }

    func connect() async throws -> RawConnection { try await RawConnection.open(port: port) }

    /// Scrapes as a Prometheus would, and gives the connection with the request sent.
    func beginScrape(
        of target: String, method: String = "GET", path: String = "/metrics", timeout: Int = 30
    ) async throws -> RawConnection {
        let connection = try await connect()
        try await connection.send(
            "\(method) http://\(target)\(path) HTTP/1.1\r\nHost: \(target)\r\nUser-Agent: Prometheus/2.42.0\r\n"
                + "Accept: text/plain\r\nX-Prometheus-Scrape-Timeout-Seconds: \(timeout)\r\nConnection: close\r\n\r\n")
        return connection
    }

    func scrape(_ target: String, path: String = "/metrics", timeout: Int = 30) async throws -> RawResponse {
        let connection = try await beginScrape(of: target, path: path, timeout: timeout)
        let response = try await connection.response()
        await connection.close()
        return response
    }

    /// Waits until a client of this name has registered.
    func registered(_ fqdn: String) async throws {
        try await program.errors.line(with: "fqdn=\(fqdn)", "client ")
    }
}
