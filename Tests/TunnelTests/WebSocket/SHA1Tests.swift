import Foundation
import TestKit
import Testing

@testable import Tunnel

@Suite struct SHA1Tests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("SHA-1 as RFC 3174's examples have it")
    func examples() {
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

    @Test("SHA-1 as openssl computes it, for every length around the ends of blocks")
    func lengths() throws {
        let folder = try TemporaryFolder()
        for length in [1, 54, 55, 56, 57, 60, 63, 64, 65, 118, 119, 120, 121, 127, 128, 129] {
            var random = Seeded(UInt64(length))
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let path = folder.file("\(length)")
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["openssl", "dgst", "-sha1", "-r", path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(text.hasPrefix(hex(SHA1.digest(of: bytes))), "\(length) bytes")
        }
    }
}
