import NIOSSL
import Testing

@testable import Client

@Suite struct ServerIdentityTests {
    @Test(
        "Names fit DNS names, exactly or by one left-most wildcard, whatever their case, with and without the root's dot",
        arguments: [
            ("edge.example", "edge.example", true), ("EDGE.example", "edge.EXAMPLE", true),
            ("edge.example.", "edge.example", true), ("edge.example", "edge.example.", true),
            ("a.edge.example", "*.edge.example", true), ("A.edge.example.", "*.EDGE.example.", true),
            ("my_host", "my_host", true), ("xn--bcher-kva.example", "*.example", true),
            ("edge.example", "*.edge.example", false), ("a.b.edge.example", "*.edge.example", false),
            (".edge.example", "*.edge.example", false), ("a.edge.example", "a*.example", false),
            ("ab.example", "a*.example", false), ("a.edge.example", "a.*.example", false),
            ("a.edge.example", "*.*.example", false), ("localhost", "*", false), ("localhost", "*.", false),
            ("edge.example", "edge.example.org", false), ("edge.example", "example", false),
            ("edge.example", "", false), ("edge.example", ".", false), ("edge.example", "edge..example", false),
            ("edge.example", "edge.example\0", false), ("edge.example", "edge.example\0.evil", false),
            ("edge.example", "édge.example", false), ("", "", false), (".", ".", false), ("*", "*", false),
            ("*.edge.example", "*.edge.example", false), ("127.0.0.1", "127.0.0.1", false), ("::1", "::1", false),
            ("127.0.0.1", "*.0.0.1", false), ("fe80::1%eth0", "fe80::1%eth0", false),
        ] as [(String, String, Bool)])
    func names(host: String, pattern: String, expected: Bool) {
        #expect(ServerIdentity(host: host).matches([.dns(Array(pattern.utf8))]) == expected)
    }

    @Test(
        "Addresses fit IP addresses, and nothing else does",
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1], true), ("127.0.0.1", [127, 0, 0, 2], false),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ("0:0::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ("::1", [0, 0, 0, 1], false), ("::ffff:10.0.0.1", [10, 0, 0, 1], true),
            ("10.0.0.1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1], true), ("127.0.0.1", [], false),
            ("127.0.0.1", [127, 0, 0, 1, 255, 255, 255, 255], false), ("localhost", [127, 0, 0, 1], false),
            ("127.1", [127, 0, 0, 1], false), ("127.0.0.1.", [127, 0, 0, 1], false),
        ] as [(String, [UInt8], Bool)])
    func addresses(host: String, presented: [UInt8], expected: Bool) {
        #expect(ServerIdentity(host: host).matches([.address(presented)]) == expected)
    }

    @Test(
        "A certificate is for its alternative names, never for its common name",
        arguments: [
            (.usual, ["localhost", "edge.example", "127.0.0.1"]),
            (.loopback, ["127.0.0.1"]), (.remote, ["192.0.2.7"]),
            (.named, ["edge.example"]), (.commonName, []),
        ] as [(TestCertificates.Server, [String])])
    func certificates(server: TestCertificates.Server, names: [String]) throws {
        let certificate = try #require(try NIOSSLCertificate.fromPEMBytes(Array(server.pem.utf8)).first)
        for host in ["localhost", "edge.example", "127.0.0.1", "192.0.2.7", "server", "::1"] {
            #expect(ServerIdentity(host: host).matches(certificate) == names.contains(host))
        }
    }

    @Test("SNI gets the name without the root's dot, and no address")
    func serverName() {
        #expect(ServerIdentity(host: "edge.example.").serverName == "edge.example")
        #expect(ServerIdentity(host: "edge.example").serverName == "edge.example")
        #expect(ServerIdentity(host: "127.0.0.1").serverName == nil)
        #expect(ServerIdentity(host: "::1").serverName == nil)
    }
}
