import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct AllowedTargetTests {
    private let allowed: [AllowedTarget]

    init() throws {
        allowed = try ["9100", "9113/probe*", "8080/metrics", "443/a%20b", "80/", "7000/x/*"].map {
            try AllowedTarget($0)
        }
    }

    private func admit(_ url: String, _ allowed: [AllowedTarget]) throws -> TargetRequest {
        let text = "GET \(url) HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 9\r\n\r\n"
        let request = try PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 65_536)
        let now = NIODeadline.uptimeNanoseconds(1)
        return try TargetPolicy(fqdn: "edge", allowed: allowed).admit(request, deadline: now + .seconds(9), at: now)
    }

    @Test(
        "What is listed passes, whatever its query",
        arguments: [
            "http://edge:9100/", "http://edge:9100", "http://edge:9100/metrics?x=/../y", "http://edge:9100//a/../b",
            "http://edge:9113/probe", "http://edge:9113/probe?target=../a", "http://edge:9113/probes/a%20b/c%7e",
            "http://edge:9113/probe/a;b", "http://edge:9113/probe/", "http://edge:9113/probe.../..x",
            "http://edge:8080/metrics", "http://edge:8080/metrics?", "http://edge:8080/metrics?_scheme=https",
            "http://edge/a%20b?_scheme=https", "https://edge/a%20b", "http://edge", "http://edge/?q",
            "http://EDGE.:8080/metrics#x",
        ])
    func passes(url: String) throws { _ = try admit(url, allowed) }

    @Test(
        "Nothing else does, and what a target may read as something else does not either",
        arguments: [
            "http://edge:9101/", "http://edge:91/", "http://edge:91000/", "http://edge/metrics", "https://edge/",
            "http://edge/?_scheme=https", "http://edge:80/x", "http://edge:443/a%2520b", "http://edge:443/a b",
            "http://edge:8080/", "http://edge:8080/metrics/", "http://edge:8080/Metrics", "http://edge:8080//metrics",
            "http://edge:8080/./metrics", "http://edge:8080/m%65trics", "http://edge:8080/metrics;x",
            "http://edge:8080/metrics%3f", "http://edge:8080/x/../metrics", "http://edge:8080?/metrics",
            "http://edge:9113/", "http://edge:9113/admin", "http://edge:9113/prob", "http://edge:9113/Probe",
            "http://edge:9113/probe/../admin", "http://edge:9113/probe/..", "http://edge:9113/probe/.",
            "http://edge:9113/probe/./x", "http://edge:9113/probe//x", "http://edge:9113/probe/..;/admin",
            "http://edge:9113/probe/..;a=b/admin", "http://edge:9113/probe/;/x", "http://edge:9113/probe/;x",
            "http://edge:9113/probe/%2e%2e/admin", "http://edge:9113/probe/%2E./admin", "http://edge:9113/probe/.%2e",
            "http://edge:9113/probe%2f..%2fadmin", "http://edge:9113/probe%2F", "http://edge:9113/probe\\..\\admin",
            "http://edge:9113/probe%5c..%5cadmin", "http://edge:9113/probe%252e", "http://edge:9113/probe%00",
            "http://edge:9113/probe%0d%0ax", "http://edge:9113/probe%3fx", "http://edge:9113/probe%23x",
            "http://edge:9113/probe%3b", "http://edge:9113/probe%c0%ae", "http://edge:9113/probe%ff",
            "http://edge:9113/probe%", "http://edge:9113/probe%2", "http://edge:9113/probe%zz",
            "http://edge:9113/probe%u002e", "http://edge:7000/x", "http://edge:7000/xx/", "http://edge:7000/x/../y",
        ])
    func refused(url: String) {
        #expect(throws: (any Error).self) { try admit(url, allowed) }
    }

    @Test("A refusal names the flag and the port")
    func refusal() {
        let refusal = #expect(throws: TargetPolicy.Refusal.self) { try admit("http://edge:22/", allowed) }
        #expect(refusal?.explanation.contains("--scrape.allow)") == true)
        #expect(refusal?.explanation.contains("port 22") == true)
    }

    @Test(
        "What is no port, or a path that could be read in more than one way, is refused at start",
        arguments: [
            "", "/metrics", "x", "0", "65536", "-1", "+1", "*", "91*", "9100 ", "9100:", ":9100", "host:9100", "099999",
            "9100/a b", "9100/a?b", "9100/a#b", "9100/ä", "9100//", "9100/a//b", "9100/../a", "9100/a/.", "9100/./*",
            "9100/a\\b", "9100/%2e", "9100/a%2fb", "9100/%", "9100/;x", "http://edge:9100/",
        ])
    func malformed(text: String) {
        #expect(throws: AllowedTarget.Malformed.self) { try AllowedTarget(text) }
    }

    @Test("A scrape of something else is refused over the wire, without asking the target")
    func overSockets() async throws {
        try await ClientUnderTest.run {
            $0.allowed = (try? AllowedTarget("1/metrics")).map { [$0] } ?? []
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let push = try await subject.takePush()
            #expect(push.value("X-Pushprox-Failure") == "target_refused")
            #expect(push.body.contains("--scrape.allow"))
            #expect(target.connectionCount == 0)
            await target.stop()
        }
    }
}
