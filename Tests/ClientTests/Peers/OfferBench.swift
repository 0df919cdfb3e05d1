import TestKit

@testable import Client

/// Runs clients that have a configuration file.
struct OfferBench: Sendable {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs a client with a file, through tunnels or by polls.
    func run(
        _ file: String, transport: TransportMode = .poll, _ test: (ClientUnderTest) async throws -> Void
    ) async throws {
        let path = try folder.write(file, to: "client.yml")
        let proxy = try await ScriptedServer(hasTunnels: transport != .poll)
        try await ClientUnderTest.run(proxy: proxy) {
            $0.file = path
            $0.transport = transport
        } _: {
            try await test($0)
        }
    }

    /// What `Reloading` does when the file has changed. The client has taken it over then.
    func rewrite(_ file: String, _ subject: ClientUnderTest, times: Int = 1) async throws {
        try folder.write(file, to: "client.yml")
        try await look(subject, times: times)
    }

    func look(_ subject: ClientUnderTest, times: Int = 1) async throws {
        for _ in 0..<times { for configuration in subject.client.reloadables { configuration.look(isAsked: false) } }
        try await subject.settled()
    }

    /// The values of all fields of a name, in order.
    func values(_ name: String, _ request: ScriptedServer.Request) -> [String] {
        request.head.split(separator: "\r\n").filter { $0.hasPrefix(name + ": ") }.map {
            String($0.dropFirst(name.utf8.count + 2))
        }
    }

    /// The next poll of each name; others are answered as idle.
    func polls(_ subject: ClientUnderTest, _ count: Int) async throws -> [String: ScriptedServer.Request] {
        var polls: [String: ScriptedServer.Request] = [:]
        while polls.count < count {
            let poll = try await subject.proxy.next("/poll")
            polls[poll.text] = poll
        }
        return polls
    }

    func scrape(_ host: String, _ port: Int, _ path: String = "/metrics", id: String, fields: String = "")
        -> String
    {
        "GET http://\(host):\(port)\(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n\(fields)Id: \(id)\r\n"
            + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
    }
}
