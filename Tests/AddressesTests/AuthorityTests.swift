import Addresses
import Testing

@Suite struct AuthorityTests {
    @Test(
        "Host and port are read and written as URLs have them",
        arguments: [
            ("a", "a", nil, "a"), ("a:80", "a", 80, "a:80"), ("a:", "a", nil, "a"), (":8080", "", 8080, ":8080"),
            ("", "", nil, ""), ("[::1]", "::1", nil, "[::1]"), ("[::1]:9100", "::1", 9100, "[::1]:9100"),
            ("a:0", "a", 0, "a:0"), ("a:65535", "a", 65_535, "a:65535"), ("a:00080", "a", 80, "a:00080"),
        ] as [(String, String, Int?, String)])
    func reads(text: String, host: String, port: Int?, written: String) throws {
        let authority = try #require(Authority(text[...]))
        #expect(authority.host == host && authority.port == port && authority.description == written)
        #expect(Authority(host: host, port: port) == authority)
    }

    @Test(
        "A port is digits for a number up to 65535, and nothing else",
        arguments: ["+80", "-1", " 80", "80 ", "65536", "000080", "8O", "٨٠", "0x50", "80:", "99999999999999999999"])
    func ports(port: String) {
        #expect(Authority("a:\(port)"[...]) == nil)
        #expect(Authority(":\(port)"[...]) == nil)
        #expect(Authority("[::1]:\(port)"[...]) == nil)
    }

    @Test(
        "Brackets belong around an IPv6 address, and no mark that ends an authority belongs in a host",
        arguments: [
            "::1", "::1:80", "[::1", "[]", "[]:1", "[[]:1", "a]:1", "[::1]x", "[::1]x:1", "a b", "a/", "a?b", "u@a",
            "a\u{0}",
        ])
    func hosts(text: String) {
        #expect(Authority(text[...]) == nil)
    }

    @Test("A URL is cut into its parts as they are written")
    func parts() throws {
        let url = try #require(URLParts("HTTP://u:p@x@[::1]:1/a/?b=/c#d"))
        #expect(url.scheme == "HTTP" && url.userInfo == "u:p@x" && url.authority.description == "[::1]:1")
        #expect(url.path == "/a/" && url.pathAndQuery == "/a/?b=/c" && url.hasQuery && url.hasFragment)
        let plain = try #require(URLParts("http://a"))
        #expect(plain.userInfo == nil && plain.path == "" && !plain.hasQuery && !plain.hasFragment)
        for bad in ["", "a", "//a", "://a", "http:/a", "h_p://a", "http://[::1", "http://a:+80/"] {
            #expect(URLParts(bad) == nil)
        }
    }

    @Test("An IP address's text is its bytes, and an IPv4 address mapped into IPv6 is that IPv4 address")
    func addresses() {
        #expect(IPAddress.bytes("10.1.2.3") == [10, 1, 2, 3])
        #expect(IPAddress.bytes("::ffff:10.1.2.3") == [10, 1, 2, 3])
        #expect(IPAddress.bytes("::1")?.count == 16)
        for bad in ["", "10.1.2", "[::1]", "::1\u{0}x", "a"] { #expect(IPAddress.bytes(bad) == nil) }
    }
}
