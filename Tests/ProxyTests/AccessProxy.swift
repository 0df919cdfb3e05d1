import Access
import Settings
import TestKit
import Wire

@testable import Proxy

/// A proxy with an access file, and its peers with credentials.
struct AccessProxy: Sendable {
    let it: TestProxy
    let folder: TemporaryFolder

    static let identities = """
        identities:
          prometheus:
            password_hash: \(hash("right"))
            scrape: ["*.eu"]
          other-prometheus: {token_hash: "\(token("scraper"))", scrape: ["*.us"], read: true}
          fleet: {token_hash: "\(token("fleet"))", register: ["*.eu"]}
          other-fleet: {token_hash: "\(token("other"))", register: ["*.eu", "*.us"]}
          address: {token_hash: "\(token("address"))", register: ["10.0.0.1", "fe80::1"]}
        anonymous: {read: true}
        """

    static func token(_ token: String) -> String { TokenHash(of: Secret(token)).description }

    private static func hash(_ password: String) -> String {
        PasswordHash.make(of: Secret(password), cost: 4)?.written ?? ""
    }

    static func run(
        _ access: String = identities, logger: LogLines = LogLines(), storagePath: String = "",
        _ body: (AccessProxy) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(access, to: "access.yml")
        let prepare: (inout ProxyConfiguration) -> Void = {
            $0.accessFile = file
            $0.storagePath = storagePath.isEmpty ? "" : folder.file(storagePath)
        }
        try await TestProxy.run(prepare, logger: logger.logger) { try await body(AccessProxy(it: $0, folder: folder)) }
    }

    /// What a request shows. Tokens are shown as they are here, passwords in base64.
    static func bearer(_ token: String) -> String { "Authorization: Bearer \(token)\r\n" }
    static let right = "Proxy-Authorization: Basic cHJvbWV0aGV1czpyaWdodA==\r\n"
    static let wrong = "Proxy-Authorization: Basic cHJvbWV0aGV1czp3cm9uZw==\r\n"
    static let unknownUser = "Proxy-Authorization: Basic bm9ib2R5OndyaXRl\r\n"

    /// Other rules come into force, as after a change of the file.
    func change(_ access: String) throws {
        try folder.write(access, to: "access.yml")
        for reloadable in it.proxy.reloadables { reloadable.look(isAsked: true) }
    }

    static func pollRequest(_ name: String, _ fields: String) -> String {
        "POST /poll HTTP/1.1\r\nHost: p\r\n\(fields)Content-Length: \(name.utf8.count)\r\n\r\n\(name)"
    }

    static func scrapeRequest(_ target: String, _ fields: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 120\r\n\(fields)\r\n"
    }

    /// A client whose poll is parked.
    func parked(_ name: String, as token: String) async throws -> RawConnection {
        let before = it.gauges.waitingPolls
        let connection = try await it.connect()
        try await connection.send(Self.pollRequest(name, Self.bearer(token)))
        try await it.until { $0.waitingPolls == before + 1 }
        return connection
    }

    func poll(_ name: String, as token: String) async throws -> RawResponse {
        try await it.ask(Self.pollRequest(name, Self.bearer(token)))
    }

    func scrape(_ target: String, _ fields: String = right) async throws -> RawConnection {
        let connection = try await it.connect()
        try await connection.send(Self.scrapeRequest(target, fields))
        return connection
    }

    func push(_ id: String, _ body: String, as token: String) async throws -> RawResponse {
        let message = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nId: \(id)\r\n\r\n\(body)"
        return try await it.ask(
            "POST /push HTTP/1.1\r\nHost: p\r\n\(Self.bearer(token))Content-Length: \(message.utf8.count)\r\n\r\n\(message)"
        )
    }
}
