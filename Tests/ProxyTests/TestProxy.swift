import Flags
import Logging
import Store
import TestKit
import Wire

@testable import Proxy

/// A proxy on a free port, and short ways to be its Prometheus and its clients.
struct TestProxy: Sendable {
    let proxy: RunningProxy

    var port: Int { proxy.address.port }
    var gauges: BrokerGauges { proxy.dispatcher.gauges }

    /// Runs `body` against a proxy of its own, and stops it.
    static func run(
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (TestProxy) async throws -> Void
    ) async throws { try await run({ _ in }, logger: logger, body: body) }

    /// The same, with a changed configuration.
    static func run(
        _ change: (inout ProxyConfiguration) -> Void,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        body: (TestProxy) async throws -> Void
    ) async throws {
        var configuration = ProxyConfiguration(listenAddresses: [ListenAddress(host: "127.0.0.1", port: 0)])
        // A test that waits for its turn on a busy machine is not a slow peer.
        configuration.web.readHeaderTimeout = .seconds(300)
        change(&configuration)
        let proxy = try await RunningProxy.start(configuration, logger: logger)
        let recording = Task { await proxy.recorder?.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(TestProxy(proxy: proxy)))
        } catch {
            result = .failure(error)
        }
        await proxy.drain(grace: .zero)
        recording.cancel()
        await recording.value
        await proxy.stop()
        try result.get()
    }

    func connect(receiveBuffer: Int? = nil) async throws -> RawConnection {
        try await RawConnection.open(port: port, receiveBuffer: receiveBuffer)
    }

    /// Sends one request on a connection of its own and gives the answer.
    func ask(_ request: String) async throws -> RawResponse {
        let connection = try await connect()
        try await connection.send(request)
        let response = try await connection.response(toHead: request.hasPrefix("HEAD"))
        await connection.close()
        return response
    }

    func get(_ path: String) async throws -> RawResponse { try await ask("GET \(path) HTTP/1.1\r\nHost: p\r\n\r\n") }

    /// A scraper whose request is out.
    func scrape(
        _ name: String, timeout: String? = "120", fields: String = "", version: String = "1.1", method: String = "GET",
        receiveBuffer: Int? = nil
    ) async throws -> RawConnection {
        let connection = try await connect(receiveBuffer: receiveBuffer)
        let limit = timeout.map { "X-Prometheus-Scrape-Timeout-Seconds: \($0)\r\n" } ?? ""
        try await connection.send(
            "\(method) http://\(name):9100/metrics HTTP/\(version)\r\nHost: \(name):9100\r\n\(limit)\(fields)\r\n")
        return connection
    }

    /// A client whose poll is out.
    func poll(_ name: String, instance: InstanceID? = nil) async throws -> RawConnection {
        let connection = try await connect()
        let field = instance.map { "X-Pushprox-Instance: \($0)\r\n" } ?? ""
        try await connection.send(
            "POST /poll HTTP/1.1\r\nHost: p\r\nUser-Agent: test\r\n\(field)Content-Length: \(name.utf8.count)\r\n\r\n\(name)"
        )
        return connection
    }

    /// A client whose poll is parked: the broker has it.
    func parkedPoll(_ name: String, instance: InstanceID? = nil) async throws -> RawConnection {
        let before = gauges.waitingPolls
        let connection = try await poll(name, instance: instance)
        try await until { $0.waitingPolls == before + 1 }
        return connection
    }

    /// The `Id` of the scrape that the answer to a poll brings.
    static func id(of answer: RawResponse) throws -> String {
        for line in answer.body.split(separator: "\r\n") where line.hasPrefix("Id: ") {
            return String(line.dropFirst(4))
        }
        throw Missing(what: "Id in \(answer.body)")
    }

    struct Missing: Error { let what: String }

    /// A push of a whole response, on a connection of its own.
    func push(_ id: String, _ body: String, head: String = "HTTP/1.1 200 OK\r\n") async throws -> RawResponse {
        try await pushRaw("\(head)Content-Length: \(body.utf8.count)\r\nId: \(id)\r\n\r\n\(body)")
    }

    func pushRaw(_ message: String) async throws -> RawResponse {
        try await ask("POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)")
    }

    /// Waits until the broker's numbers are as they should be. There is no event to wait for from outside, so it looks again each
    /// time the proxy has answered a request.
    func until(_ condition: (BrokerGauges) -> Bool) async throws {
        try await eventually("the expected state; it is \(gauges)") {
            _ = try await get("/-/healthy")
        } look: {
            condition(gauges) ? true : nil
        }
    }

    /// Waits until a metric's sample has a value: the proxy counts right after it has acted, so a peer may ask in between.
    func metric(_ sample: String, is value: Double) async throws {
        var last = Double.nan
        try await eventually("\(sample) \(value); it is \(last)") {
            last = try await metric(sample)
            return last == value ? value : nil
        }
    }

    /// The value of a metric's sample, `name{labels}`, just now.
    func metric(_ sample: String) async throws -> Double {
        for line in try await get("/metrics").body.split(separator: "\n") where line.hasPrefix(sample + " ") {
            return Double(line.dropFirst(sample.count + 1)) ?? .nan
        }
        throw Missing(what: sample)
    }
}
