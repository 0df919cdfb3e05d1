import Logging
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Client

/// A running client, its proxy and its target: everything a test over sockets needs.
struct ClientUnderTest: Sendable {
    static let host = "127.0.0.1"

    let client: RunningClient
    let proxy: ScriptedServer
    let log: LogLines

    /// Starts a client against a scripted proxy, runs the test, and stops both.
    static func run<Result>(
        proxy given: ScriptedServer? = nil,
        _ change: @Sendable (inout ClientConfiguration) -> Void = { _ in },
        _ test: (ClientUnderTest) async throws -> Result
    ) async throws -> Result {
        let proxy: ScriptedServer
        if let given { proxy = given } else { proxy = try await ScriptedServer() }
        var configuration = ClientConfiguration(
            fqdn: try #require(FQDN(host)), proxyURL: try HTTPURL("http://\(proxy.host):\(proxy.port)/"),
            metricsAddress: nil,
            retryInitialWait: .milliseconds(1), retryMaxWait: .milliseconds(2), shutdownGrace: .seconds(0))
        change(&configuration)
        let log = LogLines()
        let client = try await RunningClient.start(configuration, logger: log.logger)
        let subject = ClientUnderTest(client: client, proxy: proxy, log: log)
        do {
            let result = try await test(subject)
            await subject.stop()
            return result
        } catch {
            await subject.stop()
            throw error
        }
    }

    /// Waits for the end of the turn in which the client did what a peer has just seen: it counts after it has acted.
    func settled() async throws { try await client.loop.submit {}.get() }

    private func stop() async {
        await client.drain()
        await client.stop()
        await proxy.stop()
    }

    /// The value of a series at `/metrics`; `nil` where there is none.
    func metric(_ series: String) -> Double? {
        let lines = String(decoding: client.metrics.registry.exposition(), as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }

    /// Waits for a poll and answers it with a scrape of a target on this machine.
    func sendScrape(
        to port: Int, id: String = "id-1", method: String = "GET", path: String = "/metrics", host: String = Self.host,
        timeout: String? = "10", fields: String = "", body: String = ""
    ) async throws {
        let timeoutField = timeout.map { "X-Prometheus-Scrape-Timeout-Seconds: \($0)\r\n" } ?? ""
        let request =
            "\(method) http://\(host):\(port)\(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n\(fields)Id: \(id)\r\n"
            + "\(timeoutField)\r\n\(body)"
        try await proxy.next("/poll").answer(status: "200 OK", request)
    }

    /// Waits for a push, takes it, and gives the response inside.
    func takePush(answer: String = "200 OK") async throws -> PushedMessage {
        let push = try await proxy.next("/push")
        try await push.answer(status: answer)
        return PushedMessage(push)
    }

    /// Sends a scrape, answers it at the target, and gives what is pushed.
    func scrape(_ target: ScriptedServer, response: String, closes: Bool = false) async throws -> PushedMessage {
        try await sendScrape(to: target.port)
        let request = try await target.next("/metrics")
        if closes { try await request.answerAndClose(response) } else { try await request.answer(response) }
        return try await takePush()
    }
}

/// The response that a push carried.
struct PushedMessage {
    let outerHead: String
    /// Without its empty line.
    let head: String
    let body: String

    init(_ push: ScriptedServer.Request) {
        outerHead = push.head
        let text = push.text
        let end = text.firstRange(of: "\r\n\r\n")
        head = end.map { String(text[..<$0.lowerBound]) } ?? text
        body = end.map { String(text[$0.upperBound...]) } ?? ""
    }

    func value(_ name: String) -> String? { Peer.value(name, in: head) }

    /// Status line and fields but for those that link poll and push.
    var targetLines: [String] {
        head.split(separator: "\r\n").map(String.init).filter {
            !$0.hasPrefix("Id: ") && !$0.hasPrefix("X-Prometheus-Scrape-Timeout: ")
        }
    }
}

/// What a client has logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var logger: Logger {
        Logger(label: "test") { label in
            PrometheusLogHandler(label: label, level: .debug) { [lines = self] in lines.append($0) }
        }
    }

    private func append(_ bytes: [UInt8]) { lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }

    func count(_ text: String) -> Int { lines.withLock { $0.filter { $0.contains(text) }.count } }
}
