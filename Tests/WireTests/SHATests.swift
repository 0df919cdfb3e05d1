import Foundation
import TestKit
import Testing

@testable import Wire

@Suite("Hashes") struct SHATests {
    enum Hash: String, CaseIterable {
        case sha1, sha256

        func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
            switch self {
            case .sha1: SHA1.digest(of: bytes)
            case .sha256: SHA256.digest(of: bytes)
            }
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("SHA-1 as RFC 3174's examples have it")
    func sha1() {
        let cases = [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
            (
                String(repeating: "0123456701234567012345670123456701234567012345670123456701234567", count: 10),
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
        ]
        for (text, expected) in cases { #expect(hex(SHA1.digest(of: text.utf8)) == expected) }
    }

    @Test("SHA-256 as FIPS 180-4's examples have it")
    func sha256() {
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

    @Test("A hash is what openssl computes, for every length up to the third block", arguments: Hash.allCases)
    func lengths(_ hash: Hash) throws {
        let folder = try TemporaryFolder()
        var random = Seeded(1)
        let messages = (Array(0...130) + [1_000, 65_536]).map { length in
            (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["openssl", "dgst", "-\(hash)", "-r"]
            + (try messages.map { message in
                let path = folder.file("\(message.count)")
                try Data(message).write(to: URL(fileURLWithPath: path))
                return path
            })
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let digests = text.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        #expect(digests == messages.map { hex(hash.digest(of: $0)) })
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
}
