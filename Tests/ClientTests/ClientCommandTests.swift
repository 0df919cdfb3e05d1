import ArgumentParser
import Flags
import Testing

@testable import Client

@Suite struct ClientCommandTests {
    @Test("The flags of existing deployments are taken, in both forms, with upstream's defaults")
    func flags() throws {
        let plain = try ClientCommand.parse(["--proxy-url", "http://proxy:8080/"])
        #expect(plain.metricsAddr.address == ListenAddress(host: "", port: 9369))
        #expect(plain.retryInitialWait == .seconds(1))
        #expect(plain.retryMaxWait == .seconds(5))
        let full = try ClientCommand.parse([
            "--fqdn=edge.example", "--proxy-url=https://u:p@proxy/x", "--tls.cacert=ca.pem", "--tls.cert", "c.pem",
            "--tls.key=k.pem", "--metrics-addr", "", "--proxy.retry.initial-wait=250ms", "--proxy.retry.max-wait",
            "1m30s",
            "--log.level=debug", "--log.format=json", "--scrape.max-in-flight=3", "--shutdown.grace=0",
        ])
        let configuration = try full.clientConfiguration()
        #expect(configuration.fqdn == "edge.example")
        #expect(configuration.proxyURL.path == "/x")
        #expect(configuration.tls == ClientTLSFiles(authority: "ca.pem", certificate: "c.pem", key: "k.pem"))
        #expect(configuration.metricsAddress == nil)
        #expect(configuration.retryMaxWait == .seconds(90))
        #expect(configuration.maxInFlight == 3)
        #expect(configuration.shutdownGrace == .seconds(0))
    }

    @Test(
        "A bad value is refused with the flag, the value and what is expected",
        arguments: [
            ("--proxy-url", "proxy:8080", "http://"), ("--metrics-addr", "9369", "HOST:PORT"),
            ("--proxy.retry.initial-wait", "0s", "above zero"), ("--proxy.retry.max-wait", "soon", "duration"),
            ("--scrape.max-in-flight", "0", "from 1 to"), ("--shutdown.grace", "-1s", "duration"),
            ("--fqdn", "two words", "host name"), ("--log.level", "loud", "debug"), ("--log.format", "xml", "logfmt"),
        ])
    func badValues(flag: String, value: String, expectation: String) throws {
        let valid = flag == "--proxy-url" ? [] : ["--proxy-url=http://proxy"]
        let error = #expect(throws: (any Error).self) { try ClientCommand.parse(valid + ["\(flag)=\(value)"]) }
        let message = ClientCommand.message(for: try #require(error))
        for part in [flag, value, expectation] { #expect(message.contains(part)) }
        #expect(ClientCommand.exitCode(for: try #require(error)) == .validationFailure)
    }

    @Test("A certificate without its key, and no proxy at all, are refused")
    func incomplete() {
        #expect(throws: (any Error).self) { try ClientCommand.parse(["--proxy-url=http://p", "--tls.cert=c"]) }
        #expect(throws: (any Error).self) { try ClientCommand.parse(["--proxy-url=http://p", "--tls.key=c"]) }
        #expect(throws: (any Error).self) { try ClientCommand.parse([]) }
    }

    @Test("The machine has a name, and what the resolver makes of localhost is not it")
    func machineName() throws {
        #expect(!MachineName.hostName().isEmpty)
        let name = try MachineName.fullyQualified()
        #expect(name != "localhost" || MachineName.hostName() == "localhost")
    }
}
