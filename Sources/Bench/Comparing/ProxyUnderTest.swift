import NIOCore

/// A proxy that was started for one run, on a port of its own.
struct ProxyUnderTest: Sendable {
    let address: ProxyAddress
    /// What the load shows when it asks for `/metrics` and the like.
    let token: String?
    let directory: String
    private let port: HeldPort
    private let process: ChildProcess
    private let log: String

    /// Of the program, and of what it has started.
    var meters: [ProcessMeter] { ProcessTree.members(of: process.pid).map { ProcessMeter(pid: $0) } }
    var meter: ProcessMeter { ProcessMeter(pid: process.pid) }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts it and waits until `/clients` answers, up to 15 s.
    ///
    /// `wrapped` turns the command's words into those that are run.
    static func start(
        _ command: NamedCommand, speaking dialect: Set<Dialect.Word> = [], directory: String, loop: any EventLoop,
        wrapped: ([String]) -> [String] = { $0 }
    ) async throws -> ProxyUnderTest {
        let port = try HeldPort()
        Directory.make(directory)
        let log = "\(directory)/\(command.name).log"
        let process = try ChildProcess(
            wrapped(command.command.filled(["port": "\(port.port)", "dir": directory])), log: log)
        let proxy = ProxyUnderTest(
            address: ProxyAddress(host: "127.0.0.1", port: port.port, isTLS: dialect.contains(.tls)),
            token: dialect.contains(.tokens) ? BenchToken.scraper : nil,
            directory: directory, port: port, process: process, log: log)
        for _ in 0..<300 {
            if let status = process.ended() {
                throw Failure(
                    description:
                        "\(command.name) ended with status \(status) before it served anything; the end of \(log):\n\(tail(log))"
                )
            }
            if let answer = try? await HTTPGet.get("/clients", from: proxy.address, token: proxy.token, on: loop),
                answer.status == 200
            {
                return proxy
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        await process.stop()
        throw Failure(
            description:
                "\(command.name) does not answer GET \(proxy.address)/clients; does its command use {port}? The end of \(log):\n\(tail(log))"
        )
    }

    private static func tail(_ path: String) -> String {
        (Directory.read(path) ?? "").split(separator: "\n").suffix(5).map { "  " + $0 }.joined(separator: "\n")
    }

    func metrics(on loop: any EventLoop) async throws -> MetricsPage {
        let answer = try await HTTPGet.get("/metrics", from: address, token: token, on: loop)
        return MetricsPage(String(decoding: answer.body, as: UTF8.self))
    }

    /// Waits until it says that it knows so many clients, up to 15 s. `false` when it does not.
    func knows(clients: Int, on loop: any EventLoop) async throws -> Bool {
        for _ in 0..<150 {
            if let known = try? await metrics(on: loop).sum("pushprox_proxy_clients"), known >= Double(clients) {
                return true
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    /// How many lines it has logged.
    func logLines() -> Int { (Directory.read(log) ?? "").utf8.count { $0 == 0x0A } }

    var hasEnded: Bool { process.ended() != nil }

    func stop() async { await process.stop() }
}
