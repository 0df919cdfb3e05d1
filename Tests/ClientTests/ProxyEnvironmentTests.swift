import Testing

@testable import Client

@Suite struct ProxyEnvironmentTests {
    @Test("The variables of both spellings count, the upper-case one first; schemes have their own")
    func variables() throws {
        let environment = try ProxyEnvironment([
            "HTTP_PROXY": "http://a:1", "http_proxy": "http://b:2", "https_proxy": "https://c",
        ])
        #expect(environment.forwarder(isHTTPS: false, host: "x", port: 80)?.host == "a")
        let secure = try #require(environment.forwarder(isHTTPS: true, host: "x", port: 443))
        #expect(secure.host == "c" && secure.port == 443 && secure.isHTTPS)
        #expect(try ProxyEnvironment([:]).forwarder(isHTTPS: false, host: "x", port: 80) == nil)
        #expect(try ProxyEnvironment(["HTTP_PROXY": ""]).forwarder(isHTTPS: false, host: "x", port: 80) == nil)
        #expect(try ProxyEnvironment(["HTTP_PROXY": "a:1"]).forwarder(isHTTPS: false, host: "x", port: 80)?.port == 1)
    }

    @Test(
        "A proxy that can't be used is named with its variable, and its password is not",
        arguments: [
            "socks5://a:1", "http://", "http://a:x", "http://user:secret@a:x", "user:secret@a b", "user:secret",
            "socks5://user:secret@a", "http://user:secret@", "http://user:sec/secret@a:x",
        ])
    func unusable(value: String) {
        let error = #expect(throws: ProxyEnvironment.Malformed.self) { try ProxyEnvironment(["https_proxy": value]) }
        #expect(error.map { "\($0)".contains("https_proxy") && !"\($0)".contains("secret") } == true)
    }

    @Test(
        "NO_PROXY exempts as Go's rules say",
        arguments: [
            ("*", "any.example", 80, true), ("", "any.example", 80, false), ("foo.example", "foo.example", 80, true),
            ("foo.example", "a.foo.example", 80, true), ("foo.example", "barfoo.example", 80, false),
            (".foo.example", "foo.example", 80, false), (".foo.example", "a.foo.example", 80, true),
            ("*.foo.example", "a.foo.example", 80, true), ("foo.example:81", "foo.example", 80, false),
            ("foo.example:80", "foo.example", 80, true), (" FOO.example , b", "foo.EXAMPLE.", 80, true),
            ("10.1.2.3", "10.1.2.3", 80, true), ("10.1.2.3:81", "10.1.2.3", 80, false),
            ("10.0.0.0/8", "10.1.2.3", 80, true),
            ("10.0.0.0/8", "11.1.2.3", 80, false), ("10.1.2.0/23", "10.1.3.9", 80, true),
            ("fd00::/8", "fd12::1", 80, true),
            ("fd00::/8", "fe80::1", 80, false), ("[fd00::1]:80", "fd00::1", 80, true), ("fd00::1", "fd00::1", 80, true),
            ("10.0.0.0/33", "10.0.0.0", 80, false), ("10.0.0.0/+8", "10.0.0.0", 80, false),
            ("foo.example:+80", "foo.example", 80, false), ("foo.example:", "foo.example", 80, true),
            ("", "localhost", 80, true), ("", "127.9.9.9", 80, true),
            ("", "::1", 80, true), ("", "LOCALHOST.", 80, true),
        ] as [(String, String, Int, Bool)])
    func exemptions(rules: String, host: String, port: Int, expected: Bool) {
        #expect(NoProxyRules(rules).cover(host: host, port: port) == expected)
    }
}
