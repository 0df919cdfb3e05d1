import NIOCore
import TestKit
import Testing

@testable import Web

/// What today's openssl can't offer any more: the ClientHello is made by hand, and the first record of the answer says whether there is
/// agreement.
@Suite struct WeakHelloTests {
    /// The content types of RFC 8446, section 5.1.
    private static let handshake: UInt8 = 22
    private static let alert: UInt8 = 21

    private static let weakSuites: [(name: String, suites: [UInt16])] = [
        ("NULL", [0x0001, 0x0002, 0x003B, 0xC006, 0xC010]), ("EXPORT", [0x0003, 0x0006, 0x0008, 0x0014]),
        ("RC4", [0x0004, 0x0005, 0xC007, 0xC011]), ("DES and 3DES", [0x0009, 0x000A, 0x0016, 0xC008, 0xC012]),
        ("anonymous", [0x0018, 0x001B, 0x0034, 0x006C, 0x00A6, 0xC017, 0xC018]),
        ("CBC with SHA-1", [0x002F, 0x0035, 0xC009, 0xC00A, 0xC013, 0xC014]),
        ("CBC with SHA-2", [0x003C, 0x003D, 0xC023, 0xC024, 0xC027, 0xC028]),
        ("without forward secrecy", [0x009C, 0x009D]), ("PSK", [0x008C, 0x00AE, 0xC035]),
    ]

    /// The type of the first record that the server sends.
    private func answer(_ server: TLSServer, to hello: ByteBuffer) async throws -> UInt8 {
        let connection = try await RawConnection.open(port: server.port)
        try await connection.send(hello)
        let type = try await connection.wait { $0.readInteger(as: UInt8.self) }
        await connection.close()
        return type
    }

    @Test(
        "Of suites that are not sound none is agreed on, nor are SSL 3 and TLS 1.0 and 1.1, whatever key the server has",
        arguments: [
            (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], [0x000A, 0xC009, 0xC02B]),
            (["-newkey", "rsa:2048"], [0x000A, 0xC013, 0xC02F]),
        ] as [([String], [UInt16])])
    func weak(key: [String], withSoundOne: [UInt16]) async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example", key: key)
        try await TLSServer.run(TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))) { server in
            for (name, suites) in Self.weakSuites {
                let type = try await answer(server, to: HandmadeHello.bytes(suites: suites))
                #expect(type == Self.alert, "\(name)")
            }
            for version in [0x0300, 0x0301, 0x0302] as [UInt16] {
                let type = try await answer(server, to: HandmadeHello.bytes(version: version, suites: withSoundOne))
                #expect(type == Self.alert, "\(version)")
            }
            // The same hello is agreed on where one of them is sound.
            let type = try await answer(server, to: HandmadeHello.bytes(suites: withSoundOne))
            #expect(type == Self.handshake)
        }
    }

    @Test("A session is resumed, and not once there is another certificate", arguments: ["-tls1_2", "-tls1_3"])
    func resumption(version: String) async throws {
        let authority = try await TestAuthority()
        let (one, two) = (
            try await authority.issue("one", "DNS:a.example"), try await authority.issue("two", "DNS:a.example")
        )
        func settings(_ pair: TestAuthority.Pair) -> TLSSettings {
            TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))
        }
        let question = try authority.folder.write(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", to: "question")
        let session = authority.folder.file("session")
        try await TLSServer.run(settings(one)) { server in
            func connect(_ flag: String) async throws -> String {
                let program = try Program(
                    Executable.installed("openssl"),
                    [
                        "s_client", "-connect", "127.0.0.1:\(server.port)", "-servername", "a.example", "-CAfile",
                        authority.certificate, "-verify_return_error", "-ign_eof", version, flag, session,
                    ], input: question)
                try await program.exited()
                return program.output.text
            }
            #expect(try await connect("-sess_out").contains("\nNew, "))
            let again = try await connect("-sess_in")
            #expect(again.contains("\nReused, "), "\(again)")
            server.source.replace(with: try ServerTLS(settings(two), now: 1_700_000_000))
            let renewed = try await connect("-sess_in")
            #expect(renewed.contains("\nNew, ") && renewed.contains("subject=O = Example, CN = two"), "\(renewed)")
        }
    }
}
