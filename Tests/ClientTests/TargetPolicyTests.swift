import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct TargetPolicyTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func admit(_ url: String, fqdn: String = "Edge.example", timeout: String = "10") throws -> TargetRequest {
        let text = "GET \(url) HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: \(timeout)\r\n\r\n"
        let request = try PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 65_536)
        return try TargetPolicy(fqdn: fqdn).admit(request, deadline: request.timeout.map { now + $0 }, at: now)
    }

    @Test(
        "The client's own name is admitted whatever its case, with and without the root's dot",
        arguments: [
            "http://edge.example:9100/", "http://EDGE.EXAMPLE/", "http://edge.example./x", "https://edge.example/",
        ])
    func ownName(url: String) throws {
        _ = try admit(url)
        _ = try admit(url, fqdn: "edge.example.")
    }

    @Test(
        "Any other host is refused",
        arguments: ["http://edge.example.com/", "http://edge/", "http://127.0.0.1/", "http://edge.example@other/"])
    func otherNames(url: String) {
        #expect(throws: TargetPolicy.Refusal.self) { try admit(url) }
    }

    @Test("The root's dot goes no further than the policy", arguments: ["edge.example", "edge.example."])
    func rootDot(fqdn: String) throws {
        let target = try admit("http://Edge.example.:9100/x", fqdn: fqdn)
        #expect(target.host == "Edge.example")
        #expect(target.display == "http://Edge.example:9100/x")
        var bytes = ByteBuffer()
        target.write(
            for: OutboundRoute(isHTTPS: false, host: target.host, port: 9100, forwarder: nil), into: &bytes)
        #expect(String(buffer: bytes).contains("\r\nHost: Edge.example:9100\r\n"))
    }

    @Test(
        "Methods that are not allowed are refused, and the flag is named", arguments: ["DELETE", "POST", "get", "PUT"])
    func methods(method: String) throws {
        func admit(_ policy: TargetPolicy) throws(TargetPolicy.Refusal) -> TargetRequest {
            let text =
                "\(method) http://edge.example/ HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n"
            guard
                let request = try? PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 65_536)
            else { throw TargetPolicy.Refusal(explanation: "no request") }
            return try policy.admit(request, deadline: now + .seconds(5), at: now)
        }
        let refusal = #expect(throws: TargetPolicy.Refusal.self) { try admit(TargetPolicy(fqdn: "edge.example")) }
        #expect(refusal?.explanation.contains(method) == true)
        #expect(refusal?.explanation.contains("--scrape.allow-methods") == true)
        let allowed = try #require(ScrapeMethods("GET,\(method)"))
        #expect(try admit(TargetPolicy(fqdn: "edge.example", methods: allowed)).request.method == method)
    }

    @Test("Ports are the scheme's own unless given")
    func ports() throws {
        #expect(try admit("http://edge.example/").port == 80)
        #expect(try admit("http://edge.example/?_scheme=https").port == 443)
        #expect(try admit("http://edge.example:9100/?_scheme=https").port == 9100)
        #expect(try admit("http://[::1]:1/", fqdn: "::1").host == "::1")
    }

    @Test("Far deadlines are drawn nearer, and without one there is no scrape")
    func deadlines() throws {
        #expect(try admit("http://edge.example/", timeout: "2.5").deadline == now + .milliseconds(2_500))
        #expect(try admit("http://edge.example/", timeout: "1e300").deadline == now + TargetPolicy.maxTimeout)
        #expect(throws: TargetPolicy.Refusal.self) { try admit("http://edge.example/", timeout: "0") }
    }

    @Test(
        "_scheme=https is taken out, and every other byte stays",
        arguments: [
            ("/m?_scheme=https", "/m", true), ("/m?a=%20&_scheme=https&b=+&&c", "/m?a=%20&b=+&&c", true),
            ("/m?_scheme=https&_scheme=http", "/m", true), ("/m?_scheme=http", "/m?_scheme=http", false),
            ("/m?_scheme=http&_scheme=https", "/m?_scheme=http&_scheme=https", false), ("/m", "/m", false),
            ("/m?", "/m?", false), ("/m?x_scheme=https", "/m?x_scheme=https", false),
            ("/_scheme=https", "/_scheme=https", false),
        ])
    func scheme(from: String, to: String, isHTTPS: Bool) {
        let result = TargetPolicy.withoutScheme(from)
        #expect(result.pathAndQuery == to)
        #expect(result.asksHTTPS == isHTTPS)
    }
}
