import Foundation
import TestKit
import Testing

@testable import Admin

@Suite("The service discovery file")
struct DiscoveryTests {
    @Test("Has the format of file_sd_configs, in a stable order")
    func document() throws {
        let text = DiscoveryDocument.text(fqdns: ["b.example.com", "a.example.com"], ports: [9100, 9113])
        #expect(text == DiscoveryDocument.text(fqdns: ["a.example.com", "b.example.com"], ports: [9100, 9113]))
        let groups = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(
            groups.map { $0["targets"] as? [String] } == [
                ["a.example.com:9100", "a.example.com:9113"], ["b.example.com:9100", "b.example.com:9113"],
            ])
        #expect(groups.allSatisfy { ($0["labels"] as? [String: String]) == [:] })
        let natural = DiscoveryDocument.text(fqdns: ["web-10", "Web-2", "web-1"], ports: [])
        #expect(natural.split(separator: "\n").dropFirst().first?.contains("web-1\"") == true)
        #expect(natural.split(separator: "\n").dropFirst(2).first?.contains("Web-2\"") == true)
        #expect(DiscoveryDocument.text(fqdns: ["a"], ports: []).contains("[\"a\"]"))
        #expect(DiscoveryDocument.text(fqdns: [], ports: [1]) == "[]\n")
        #expect(DiscoveryDocument.text(fqdns: ["::1"], ports: [9100]).contains("[\"[::1]:9100\"]"))
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
