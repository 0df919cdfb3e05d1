import Access
import Foundation
import Settings
import Testing

@testable import Web

@Suite struct SecurityPageTests {
    private let page: Page

    init() throws { page = try Page("docs/security.md") }

    @Test func everyKeyOfTheAccessFileIsExplained() {
        let explained = page.rowNames
        for name in [
            "identities", "anonymous", "password_hash", "token_hash", "certificate", "scrape", "register", "read",
        ] { #expect(explained.contains(name), "\(name)") }
    }

    @Test func everyKeyOfTheWebFileIsExplained() throws {
        let range = try #require(page.range(of: "web file: every key"))
        let table = page.text[range]
        for name in TLSSettingsReader.keys + [
            "tls_server_config", "http_server_config", "headers", "http2", "basic_auth_users", "rate_limit", "interval",
            "burst",
        ] { #expect(table.contains("`\(name)`"), "\(name)") }
        for name in ClientAuthentication.allCases.map(\.rawValue) + TLSCurve.allCases.map(\.rawValue) {
            #expect(table.contains("`\(name)`"), "\(name)")
        }
    }

    @Test func everyReasonOfAFailedHandshakeIsExplained() {
        for failure in HandshakeFailure.allCases {
            let rows = page.text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            #expect(rows.contains { $0.contains("`\(failure.rawValue)`") }, "\(failure)")
        }
    }

    @Test(arguments: ["proxy", "client"]) func theUnitLetsPasswordChecksGiveWay(program: String) throws {
        let unit = try Page("deploy/systemd/pushprox-\(program).service")
        let filters = unit.text.split(separator: "\n").filter { $0.hasPrefix("SystemCallFilter=") }
        #expect(filters.last?.split(separator: "=").last?.split(separator: " ").contains("setpriority") == true)
    }

    @Test func theAccessFilesThatAreShownAreTaken() throws {
        let mark = try #require(page.text.firstMatch(of: /<!-- access file -->\n```yaml\n((?:.*\n)*?)```\n/))
        for text in [String(mark.1), try Page("deploy/hardened/access.yml").text] {
            let file = FileManager.default.temporaryDirectory.appending(path: "pushprox-\(UUID().uuidString).yml")
            try text.write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            #expect(try AccessFile(try SettingsFile(path: file.path)).notes.isEmpty)
        }
    }

    @Test func theWebFileThatIsDeployedIsTaken() throws {
        let text = try Page("deploy/hardened/clients.yml").text
        let root = try SettingsFile.parse(Array(text.utf8), path: "/etc/pushprox/clients.yml")
        let value = try #require(try root.map(["tls_server_config"])["tls_server_config"])
        var reader = TLSSettingsReader(try value.map(TLSSettingsReader.keys))
        let settings = try #require(try reader.settings())
        #expect(settings.clientAuthentication.verifies)
        #expect(settings.certificate == .file("/etc/pushprox/proxy.crt"))
        #expect(reader.notes.isEmpty)
    }
}
