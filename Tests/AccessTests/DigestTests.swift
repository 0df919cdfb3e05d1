import Foundation
import Settings
import TestKit
import Testing

@testable import Access

@Suite("Digests") struct DigestTests {
    private func hex(_ bytes: [UInt8]) -> String { Digest(bytes).hex }

    @Test("SHA-256 as FIPS 180-4's examples have it")
    func examples() {
        let cases = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            (
                String(repeating: "a", count: 100_000),
                "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"
            ),
        ]
        for (text, expected) in cases { #expect(hex(SHA256.digest(of: text.utf8)) == expected) }
    }

    @Test("SHA-256 as openssl computes it, for every length around the ends of blocks")
    func lengths() throws {
        let folder = try TemporaryFolder()
        for length in [1, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 121, 127, 128, 129, 1_000] {
            var random = Seeded(UInt64(length))
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let path = folder.file("\(length)")
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["openssl", "dgst", "-sha256", "-r", path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(text.hasPrefix(hex(SHA256.digest(of: bytes))), "\(length) bytes")
        }
    }

    @Test("HMAC as RFC 4231's examples have it")
    func authentication() {
        let first = SHA256.authenticationCode(of: Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20))
        #expect(hex(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = SHA256.authenticationCode(
            of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hex(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = SHA256.authenticationCode(
            of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            key: [UInt8](repeating: 0xAA, count: 131))
        #expect(hex(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("A token's hash is read as it is written, in either case, and nothing else is")
    func tokenHashes() throws {
        let text = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        #expect(TokenHash(of: Secret("test")).description == text)
        #expect(TokenHash(text) == TokenHash(of: Secret("test")))
        #expect(TokenHash("sha256:" + text.dropFirst(7).uppercased()) == TokenHash(text))
        for wrong in [
            "", "sha256:", text + "0", String(text.dropLast()), "md5:" + text.dropFirst(7), text.dropLast() + "g",
        ] {
            #expect(TokenHash(String(wrong)) == nil, "\(wrong)")
        }
    }

    @Test("New tokens are 43 characters that a header takes, and never the same")
    func newTokens() throws {
        var seen: Set<String> = []
        for _ in 0..<200 {
            let token = NewToken.make()
            #expect(token.exposed.utf8.count == 43)
            #expect(ShownCredential(["Bearer " + token.exposed]) == .some(.token(token)))
            #expect(seen.insert(token.exposed).inserted)
        }
    }
}
