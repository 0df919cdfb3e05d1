import TestKit

/// A proxy with a record, two real clients and a real exporter: one client answers, the other's target does not.
struct Site {
    let folder: TemporaryFolder
    let proxy: LiveProxy
    /// `localhost`, which answers, and `127.0.0.1`, which cannot reach its target.
    let clients: [LiveClient]
    let exporter: LiveExporter
    var database: String { folder.file("p.db") }

    static let answering = "localhost"
    static let failing = "127.0.0.1"

    /// Starts all of them, and scrapes each client a few times.
    static func start() async throws -> Site {
        let folder = try TemporaryFolder()
        let proxy = try await LiveProxy.start(database: folder.file("p.db"))
        var clients: [LiveClient] = []
        for name in [answering, failing] {
            clients.append(
                try await LiveClient.start(proxy: proxy.port, fqdn: name, "--proxy.retry.initial-wait=50ms"))
            try await proxy.registered(name)
        }
        let site = Site(folder: folder, proxy: proxy, clients: clients, exporter: try await LiveExporter.start())
        let refusing = try RefusingPort()
        for _ in 0..<3 {
            _ = try await proxy.scrape("\(answering):\(site.exporter.port)")
            _ = try await proxy.scrape("\(failing):\(refusing.port)")
        }
        withExtendedLifetime(refusing) {}
        return site
    }

    /// Opens `pushprox-admin` in a terminal on the record.
    func watch(columns: Int = 100, rows: Int = 24) throws -> TerminalDriver {
        try TerminalDriver(
            columns: columns, rows: rows,
            command: "'\(try Executable.built("pushprox-admin"))' --storage.path '\(database)' --interval 250ms")
    }

    /// Polls as a client of this name, and waits until it is registered. The connection is the poll.
    func poll(as fqdn: String) async throws -> RawConnection {
        let connection = try await proxy.connect()
        try await connection.send(
            "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: \(fqdn.utf8.count)\r\n\r\n\(fqdn)")
        try await proxy.registered(fqdn)
        return connection
    }

    /// Waits until the record has so many live clients: the file of targets is written when it has.
    func recorded(clients count: Int) async throws {
        let watch = try Program(
            Executable.built("pushprox-admin"),
            [
                "sd", "--storage.path=\(database)", "--output=\(folder.file("sd.json"))", "--watch",
                "--interval=100ms",
            ])
        try await watch.output.line(with: "wrote \(count) clients")
        _ = try await watch.stop()
    }

    /// Ends everything in good order but the proxy, which may be another one by now.
    func stopOthers() async throws {
        for client in clients { _ = try await client.program.stop() }
        _ = try await exporter.program.stop()
    }
}
