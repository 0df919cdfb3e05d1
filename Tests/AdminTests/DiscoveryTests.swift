import Clients
import Foundation
import Store
import TestKit
import Testing

@testable import Admin

@Suite("The service discovery file")
struct DiscoveryTests {
    private func client(_ name: String, _ labels: [String] = [], _ targets: [String] = [], connected: Bool = true)
        throws
        -> DiscoverableClient
    {
        DiscoverableClient(
            name: name, declaration: try Declaration(labelTexts: labels, targetTexts: targets),
            state: ListedState(isConnected: connected),
            agent: "curl/8")
    }

    private func text(
        _ clients: [DiscoverableClient], _ policy: DiscoveryLabels = .asGiven,
        _ change: (inout DiscoveryDocument.Request) -> Void = { _ in }
    ) -> String {
        var request = DiscoveryDocument.Request()
        change(&request)
        return DiscoveryDocument(clients, policy, request).text
    }

    @Test("Is upstream's list, a line for each client, where nobody declares anything")
    func document() throws {
        let plain = [try client("web-1"), try client("Web-2"), try client("::1", connected: false)]
        #expect(
            text(plain) == """
                [
                {"targets":["web-1"],"labels":{}},
                {"targets":["Web-2"],"labels":{}},
                {"targets":["[::1]"],"labels":{}}
                ]

                """)
        #expect(text([]) == "[]\n" && text(plain) { $0.state = .stale }.contains("\n{\"targets\":[\"[::1]\"]"))
        let ports = text(plain) { $0.ports = [9113, 9100, 9113] }
        #expect(ports.contains("{\"targets\":[\"web-1:9100\",\"web-1:9113\"],\"labels\":{}},\n"))
        let meta = text(plain) { $0.meta = true }
        #expect(
            meta.contains("\"__meta_pushprox_state\":\"stale\"")
                && meta.contains("\"__meta_pushprox_agent\":\"curl/8\""))
    }

    @Test("Has a line for each target that a client declares, with its labels, and labels to relabel by on all")
    func targets() throws {
        let fleet = [
            try client("web-1", ["site=berlin"], ["9100 job=node", "9113/snmp?module=x job=snmp"]), try client("web-2"),
        ]
        let lines = text(fleet).split(separator: "\n")
        let groups = try #require(try JSONSerialization.jsonObject(with: Data(text(fleet).utf8)) as? [[String: Any]])
        #expect(groups.map { $0["targets"] as? [String] } == [["web-1:9100"], ["web-1:9113"], ["web-2"]])
        #expect(lines.count == 5 && lines.dropFirst().dropLast().allSatisfy { $0.contains("\"__meta_pushprox_fqdn\"") })
        #expect(
            lines[2].contains(
                "\"site\":\"berlin\",\"job\":\"snmp\",\"__metrics_path__\":\"/snmp\",\"__param_module\":\"x\""))
        #expect(!text(fleet) { $0.meta = false }.contains("__meta"))
        let label = try Label("job", "node")
        #expect(text(fleet) { $0.labels = [label] }.split(separator: "\n").count == 3)
        #expect(text(fleet) { $0.ports = [9100] }.split(separator: "\n").count == 4)
        #expect(text(fleet, .prefixed).contains("\"pushprox_site\":\"berlin\""))
        #expect(!text(fleet, .off).contains("berlin"))
    }

    @Test("Is replaced as a whole, keeps its mode, and is left alone when nothing changed")
    func atomic() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("sd.json")
        let file = AtomicFile(path: path)
        #expect(try file.update("one"))
        func inode() throws -> UInt64 {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64)
        }
        let first = try inode()
        chmod(path, 0o640)
        #expect(try !file.update("one"))
        #expect(try inode() == first)
        #expect(try file.update("one and more"))
        #expect(try inode() != first)
        #expect(try file.update("on"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "on")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["sd.json"])
    }

    @Test("A link stays a link, and a reader never sees a part")
    func links() throws {
        let folder = try TemporaryFolder()
        #expect(try AtomicFile(path: folder.file("real.json")).update("old"))
        #expect(symlink("real.json", folder.file("link.json")) == 0)
        let reader = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.file("link.json")))
        #expect(try AtomicFile(path: folder.file("link.json")).update("new"))
        #expect(try String(contentsOfFile: folder.file("real.json"), encoding: .utf8) == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link.json")) == "real.json")
        // Who had it open goes on reading the old one.
        #expect(String(decoding: reader.readDataToEndOfFile(), as: UTF8.self) == "old")
    }

    @Test("A folder that is not there is told by name")
    func missingFolder() {
        #expect(throws: AtomicFile.Failure.self) { try AtomicFile(path: "/nonexistent/folder/sd.json").update("x") }
        do {
            _ = try AtomicFile(path: "/nonexistent/folder/sd.json").update("x")
        } catch {
            #expect("\(error)".contains("/nonexistent/folder"))
            #expect("\(error)".contains("No such file or directory"))
        }
    }
}
