import Foundation
import TestKit

/// What docs/security.md sets up, by its own commands, in a folder of its own.
///
/// Words are replaced only where the page's machines are one here: the proxy's name is `localhost`, its ports and those of the clients'
/// metrics are given by the system, and Prometheus scrapes every second. The names of the clients stay: node_exporter, which takes the place of a
/// forwarding proxy, answers for all of them.
struct SecureSite {
    struct Failed: Error { let description: String }

    let page: RecipePage
    let folder: TemporaryFolder
    let exporter: LiveExporter
    let proxy: Program
    /// Where the proxy takes scrapes, and where it takes polls and pushes.
    let ports: (scrapes: Int, clients: Int)

    /// Follows the page up to the running proxy.
    static func start() async throws -> SecureSite {
        let page = try RecipePage("docs/security.md")
        let folder = try TemporaryFolder()
        let exporter = try await LiveExporter.start()
        for name in ["ca", "server certificate", "client certificate", "rules", "web file"] {
            try await run(try page.recipe(name), in: folder, nil)
        }
        let proxy = try program(try page.recipe("proxy"), in: folder, nil)
        let ports = (
            scrapes: try LogText.port(in: try await proxy.errors.line(with: "msg=listening", "listener=web")),
            clients: try LogText.port(in: try await proxy.errors.line(with: "msg=listening", "listener=clients"))
        )
        return SecureSite(page: page, folder: folder, exporter: exporter, proxy: proxy, ports: ports)
    }

    /// Runs commands of the page to their end.
    ///
    /// - Parameter changes: What is to be otherwise than the page has it, one after the other; each must be in there.
    /// - Returns: What they printed.
    @discardableResult
    func run(recipe: String, _ changes: KeyValuePairs<String, String> = [:]) async throws -> String {
        try await Self.run(try changed(recipe, changes), in: folder, ports)
    }

    /// Runs commands of a test's own, in the same place.
    @discardableResult
    func run(_ commands: String) async throws -> String { try await Self.run(commands, in: folder, ports) }

    /// Starts a client as the page does.
    func client(recipe: String, _ changes: KeyValuePairs<String, String> = [:]) throws -> Program {
        try Self.program(
            try changed(recipe, changes), in: folder, ports,
            environment: ["HTTP_PROXY": "http://127.0.0.1:\(exporter.port)"])
    }

    /// Waits until these clients can be scraped.
    func registered(_ names: String...) async throws {
        try await eventually("\(names) among the clients") {
            let clients = try await ask("/clients")
            return names.allSatisfy { clients.contains("\"\($0)\"") } ? true : nil
        }
    }

    /// A page of the proxy, as Prometheus may read it.
    func ask(_ path: String) async throws -> String {
        try await run(
            "curl --silent --show-error --fail --cacert ca.crt "
                + "--header \"Authorization: Bearer $(cat prometheus.token)\" https://proxy.example.org:8080\(path)")
    }

    /// The value of one sample, `name{labels}`, of the proxy.
    func metric(_ sample: String) async throws -> Double {
        for line in try await ask("/metrics").split(separator: "\n") where line.hasPrefix(sample + " ") {
            return Double(line.dropFirst(sample.count + 1)) ?? .nan
        }
        throw Failed(description: "no sample \(sample)")
    }

    /// Waits until something has been counted.
    func counted(_ sample: String) async throws {
        try await eventually("\(sample) above zero") { try await metric(sample) > 0 ? true : nil }
    }

    /// Waits until `pushprox-admin failures`, as the page has it, shows a line with these words.
    func onRecord(_ words: String...) async throws {
        try await eventually("a failure on record with \(words)") {
            let lines = try await run(recipe: "why").split(separator: "\n")
            return lines.contains { line in words.allSatisfy { line.contains($0) } } ? true : nil
        }
    }

    /// Has a program read its files again, and waits until it has.
    func reload(_ program: Program, _ configuration: String) async throws {
        let words = ["configuration reloaded", "config=\(configuration)"]
        let before = program.errors.lines.count { line in words.allSatisfy { line.contains($0) } }
        program.signal(SIGHUP)
        try await program.errors.lines(before + 1, with: words)
    }

    /// What a scrape through the proxy is answered, as who has this password.
    func scrape(_ target: String, user: String = "prometheus", password file: String = "prometheus.password")
        async throws -> String
    {
        try await run(
            "curl --silent --show-error --proxy-cacert ca.crt --proxy-user \"\(user):$(cat \(file))\" --noproxy '' "
                + "--output scraped --write-out '%{http_code}' --proxy https://proxy.example.org:8080 "
                + "http://\(target):9100/metrics")
    }

    func stop(_ others: Program...) async throws -> [Program.Exit] {
        var exits: [Program.Exit] = []
        for program in others + [proxy, exporter.program] { exits.append(try await program.stop()) }
        return exits
    }

    private func changed(_ recipe: String, _ changes: KeyValuePairs<String, String>) throws -> String {
        var text = try page.recipe(recipe)
        for (old, new) in changes {
            guard text.contains(old) else { throw Failed(description: "\(recipe) has no \(old)") }
            text = text.replacing(old, with: new)
        }
        return text
    }

    private static func here(_ commands: String, _ ports: (scrapes: Int, clients: Int)?) -> String {
        var text = commands
        if let ports {
            text = text.replacing("proxy.example.org:8080", with: "localhost:\(ports.scrapes)")
            text = text.replacing("proxy.example.org:8443", with: "localhost:\(ports.clients)")
        }
        for (old, new) in [
            ("proxy.example.org", "localhost"), ("=:8080", "=127.0.0.1:0"), ("=:8443", "=127.0.0.1:0"),
            ("=127.0.0.1:9369", "=127.0.0.1:0"), ("scrape_interval: 15s", "scrape_interval: 1s"),
        ] { text = text.replacing(old, with: new) }
        return text
    }

    @discardableResult
    private static func run(
        _ commands: String, in folder: TemporaryFolder, _ ports: (scrapes: Int, clients: Int)?
    ) async throws -> String {
        let shell = try program(commands, in: folder, ports, command: "")
        guard try await shell.exited() == .code(0) else {
            throw Failed(description: "\(commands)\n\(shell.output.text)\n\(shell.errors.text)")
        }
        return shell.output.text
    }

    private static func program(
        _ commands: String, in folder: TemporaryFolder, _ ports: (scrapes: Int, clients: Int)?,
        command: String = "exec ", environment: [String: String] = [:]
    ) throws -> Program {
        let programs = URL(fileURLWithPath: try Executable.built("pushprox-admin")).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return try Program(
            Executable.installed("bash"),
            ["-euc", "cd '\(folder.path)'; umask 077\n\(command)\(here(commands, ports))"],
            environment: environment.merging(["PATH": "\(programs):\(path)"]) { $1 })
    }
}
