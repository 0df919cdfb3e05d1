import Foundation
import Settings
import Testing
import Web

@testable import Client

@Suite struct ClientPageTests {
    private let page: Page

    init() throws { page = try Page("docs/client.md") }

    @Test("Every key of the client's file is explained")
    func keys() {
        let explained = page.rowNames
        for name in ClientFile.keys + OfferReader.nameKeys + OfferReader.targetKeys {
            #expect(explained.contains(name), "\(name)")
        }
        for name in TargetTLS.keys + OfferReader.authorizationKeys {
            #expect(page.text.contains("`\(name)`"), "\(name)")
        }
    }

    @Test("The client files that are shown are taken")
    func files() throws {
        let mark = try #require(page.text.firstMatch(of: /<!-- client file -->\n```yaml\n((?:.*\n)*?)```\n/))
        for text in [String(mark.1), try Page("deploy/hardened/client.yml").text] {
            let folder = FileManager.default.temporaryDirectory.appending(path: "pushprox-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "client.yml")
            try text.write(to: file, atomically: true, encoding: .utf8)
            for name in ["token", "app.token"] {
                try "secret".write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
            }
            try authority.write(to: folder.appending(path: "ca.crt"), atomically: true, encoding: .utf8)
            var files = FilesRead()
            let read = try ClientFile(path: file.path, reading: &files)
            #expect(read.onlyTargets && !read.targets.isEmpty && read.tls.count == 1)
        }
    }

    private let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBaTCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkw
        FwYDVQQDDBBwdXNocHJveCB0ZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
        QgAE+0CZhMYb2WvvI++91oJV+0A7oDMw94R2iWFNxM/fCmfALwtujMOOO8EY57+1
        eZ834kaQ9Xpr8kHEuxu0Ftz8q6NCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8B
        Af8EBAMCAYYwHQYDVR0OBBYEFMi25gMMUjA5s/DB2XlH32tDnjZtMAoGCCqGSM49
        BAMCA0gAMEUCICIsOedWGgaudAi/eIlu8jvLyTEX/qnrZh9T7u8mBVnzAiEAhxAB
        D84yTCWmQCOn1QHEbddqD4LzsXn7a0QYFNcHQIQ=
        -----END CERTIFICATE-----
        """
}
