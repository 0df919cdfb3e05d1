import Foundation
import Logging
import Settings
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite struct ReloadTests {
    @Test("A configuration is read when it changes or somebody asks; a change is doubted once before it is refused")
    func state() {
        var state = ReloadState()
        func looked(_ hasChanged: Bool, _ isAsked: Bool = false) -> Bool {
            state.looked(hasChanged: hasChanged, isAsked: isAsked)
        }
        #expect(!looked(false))
        #expect(looked(true))
        #expect(looked(false, true))
        var outcome = state.failed(isAsked: false)
        #expect(outcome == .doubtful)
        #expect(looked(false), "what is doubtful is read again though nothing has changed")
        outcome = state.failed(isAsked: false)
        #expect(outcome == .refused)
        #expect(!looked(false), "what was refused is read again only when it has changed")
        outcome = state.failed(isAsked: true)
        #expect(outcome == .refused)
        #expect(!looked(false))
        outcome = state.failed(isAsked: false)
        #expect(outcome == .doubtful)
        outcome = state.succeeded()
        #expect(outcome == .adopted)
        #expect(!looked(false))
    }

    /// Looks at a number in one file, that names another file.
    private struct Rig {
        let folder: TemporaryFolder
        let registry = MetricRegistry()
        let log = LineLog()
        let adopted = Adopted()

        final class Adopted: Sendable {
            let values = Mutex<[String]>([])
        }

        func open() throws -> ReloadedConfiguration<String> {
            let path = folder.file("a.yml")
            return try ReloadedConfiguration(
                "test", metrics: ReloadMetrics(in: registry, prefix: "test", configuration: "a"),
                logger: Logger(label: "test") { _ in NotingLogHandler(log: log) }
            ) { (files, _) throws(SettingsProblem) in
                let name = try files.settings(path).fileName()
                let text = String(decoding: try files.bytes(name), as: UTF8.self)
                guard text != "bad" else { throw SettingsProblem(file: name, text: "it is bad") }
                return text
            } adopt: { value in
                adopted.values.withLock { $0.append(value) }
            }
        }

        var values: [String] { adopted.values.withLock { $0 } }
        var isSuccessful: Bool {
            String(decoding: registry.exposition(), as: UTF8.self)
                .contains("test_config_last_reload_successful{config=\"a\"} 1\n")
        }
    }

    @Test("A bad version changes nothing and says so; the next good one is taken, whichever file it is in")
    func files() throws {
        let rig = Rig(folder: try TemporaryFolder())
        try rig.folder.write("one", to: "one")
        try rig.folder.write("one", to: "a.yml")
        let configuration = try rig.open()
        configuration.look(isAsked: false)
        #expect(rig.values == ["one"] && rig.isSuccessful)
        #expect(rig.log.lines.isEmpty)

        // The other file, by a rename.
        try rig.folder.write("two", to: "one")
        configuration.look(isAsked: false)
        #expect(rig.values == ["one", "two"])

        try rig.folder.write("bad", to: "one")
        configuration.look(isAsked: false)
        #expect(rig.isSuccessful, "it is only doubtful yet")
        configuration.look(isAsked: false)
        #expect(rig.values == ["one", "two"] && !rig.isSuccessful)
        #expect(rig.log.text.contains("the one before stays config=test err=\(rig.folder.file("one")): it is bad"))
        let said = rig.log.lines.count
        configuration.look(isAsked: false)
        #expect(rig.log.lines.count == said, "said once")

        // A file that was named in vain appears.
        try rig.folder.write("three", to: "a.yml")
        configuration.look(isAsked: true)
        #expect(!rig.isSuccessful && rig.log.text.contains("three: there is no such file"))
        try rig.folder.write("three", to: "three")
        configuration.look(isAsked: false)
        #expect(rig.values == ["one", "two", "three"] && rig.isSuccessful)
    }

    @Test("What is bad at start is refused")
    func start() throws {
        let rig = Rig(folder: try TemporaryFolder())
        #expect(throws: SettingsProblem.self) { try rig.open() }
    }

    @Test("SIGHUP reads at once")
    func hangup() async throws {
        let rig = Rig(folder: try TemporaryFolder())
        try rig.folder.write("one", to: "one")
        try rig.folder.write("one", to: "a.yml")
        let reloading = Reloading([try rig.open()], on: await Hangups(), every: .hours(1))
        let task = Task { await reloading.run() }
        kill(getpid(), SIGHUP)
        try await rig.log.line(with: "configuration reloaded")
        task.cancel()
        await task.value
        #expect(rig.values == ["one", "one"])
    }

    @Test("Changes are found without being told")
    func looking() async throws {
        let rig = Rig(folder: try TemporaryFolder())
        try rig.folder.write("one", to: "one")
        try rig.folder.write("one", to: "a.yml")
        let reloading = Reloading([try rig.open()], on: await Hangups(), every: .milliseconds(5))
        let task = Task { await reloading.run() }
        try rig.folder.write("two", to: "one")
        try await rig.log.line(with: "configuration reloaded")
        task.cancel()
        await task.value
        #expect(rig.values == ["one", "two"])
    }

    @Test("Certificates rotate; TLS is neither switched on nor off while the program runs")
    func webConfiguration() async throws {
        let authority = try await TestAuthority()
        let old = try await authority.issue("old", "DNS:a")
        let new = try await authority.issue("new", "DNS:a", days: 60)
        let folder = authority.folder
        func text(_ pair: TestAuthority.Pair) -> String {
            "tls_server_config: {cert_file: \(pair.certificate), key_file: \(pair.key)}\n"
        }
        let path = try folder.write(text(old), to: "web.yml")
        let registry = MetricRegistry()
        let log = LineLog()
        let (source, reloaded) = try WebConfigurationSource.open(
            path, metrics: ReloadMetrics(in: registry, prefix: "test", configuration: "web"),
            logger: Logger(label: "test") { _ in NotingLogHandler(log: log) })
        let tls = try #require(source.tls)
        let first = tls.current.expires
        try folder.write(text(new), to: "web.yml")
        reloaded.look(isAsked: false)
        #expect(tls.current.expires > first)
        let second = tls.current.expires
        try folder.write("", to: "web.yml")
        reloaded.look(isAsked: true)
        #expect(tls.current.expires == second && source.current.tls != nil)
        #expect(log.text.contains("it has no TLS any more; that takes a restart"))
    }
}
