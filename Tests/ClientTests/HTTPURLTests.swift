import Testing

@testable import Client

@Suite struct HTTPURLTests {
    @Test("A URL is taken apart")
    func parts() throws {
        let url = try HTTPURL("HTTPS://a%3ab:c@d@proxy.example:8443/pre/fix//")
        #expect(url.isHTTPS)
        #expect(url.host == "proxy.example")
        #expect(url.port == 8443)
        #expect(url.authority == "proxy.example:8443")
        #expect(url.path == "/pre/fix")
        #expect(url.user?.name == Array("a:b".utf8))
        #expect(url.user?.password == Array("c@d".utf8))
        #expect(url.withoutCredentials == "https://proxy.example:8443/pre/fix/")
    }

    @Test("Ports and paths have their defaults")
    func defaults() throws {
        #expect(try HTTPURL("http://a").port == 80)
        #expect(try HTTPURL("https://a:/").port == 443)
        #expect(try HTTPURL("http://[::1]:9/").host == "::1")
        #expect(try HTTPURL("http://a/").path == "")
        #expect(try HTTPURL("http://a").basicCredentials == nil)
        #expect(try HTTPURL("http://u@a").basicCredentials?.exposed == "Basic dTo=")
        // No escape.
        #expect(try HTTPURL("http://%+1%4@a").user?.name == Array("%+1%4".utf8))
    }

    @Test(
        "What is no URL of a proxy is refused with a reason",
        arguments: [
            "", "proxy:8080", "//proxy", "ftp://proxy", "http://", "http:///x", "http://a:0", "http://a:65536",
            "http://a:b",
            "http://[::1", "http://a?b", "http://a/#b", "http://a b", "http://ä", "http://a\n", "http://a:+80",
        ])
    func refused(text: String) {
        #expect(throws: HTTPURL.Malformed.self) { try HTTPURL(text) }
    }
}
