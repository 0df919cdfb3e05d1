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
        #expect(configuration.fqdn.spelling == "edge.example")
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
            ("--metrics-addr", "9369", "HOST:PORT"),
            ("--proxy.retry.initial-wait", "0s", "above zero"), ("--proxy.retry.max-wait", "soon", "duration"),
            ("--scrape.max-in-flight", "0", "from 1 to"), ("--shutdown.grace", "-1s", "duration"),
            ("--scrape.allow-methods", "GET POST", "GET,HEAD"), ("--scrape.allow-methods", "CONNECT", "GET,HEAD"),
            ("--scrape.allow", "metrics", "a port"), ("--scrape.allow", "9100/a/../b", "dot segments"),
            ("--scrape.allow-methods", "GET,,HEAD", "GET,HEAD"), ("--scrape.allow-methods", "*", "GET,HEAD"),
            ("--fqdn", "two words", "host name"), ("--log.level", "loud", "debug"), ("--log.format", "xml", "logfmt"),
        ])
    func badValues(flag: String, value: String, expectation: String) throws {
        let error = #expect(throws: (any Error).self) {
            try ClientCommand.parse(["--proxy-url=http://proxy", "\(flag)=\(value)"])
        }
        let message = ClientCommand.message(for: try #require(error))
        for part in [flag, value, expectation] { #expect(message.contains(part)) }
        #expect(ClientCommand.exitCode(for: try #require(error)) == .validationFailure)
    }

    @Test(
        "A proxy's URL that can't be used is refused without its password, however it is malformed",
        arguments: [
            "proxy:8080", "ftp://user:secret@proxy", "http://user:secret@proxy:port", "http://user:secret@",
            "user:secret@proxy", "http://user:secret", "http://user:sec/secret@proxy", "http://user:secret@proxy?x",
            "http://user:secret@a b", "http:/user:secret@proxy", "secret", "",
        ])
    func badProxyURL(value: String) throws {
        for arguments in [["--proxy-url=\(value)"], ["--proxy-url", value]] where value != "" || arguments.count > 1 {
            let error = #expect(throws: (any Error).self) { try ClientCommand.parse(arguments) }
            let message = ClientCommand.message(for: try #require(error))
            #expect(message.contains("--proxy-url") && message.contains("http://"))
            #expect(!message.contains("secret"))
            #expect(!ClientCommand.fullMessage(for: try #require(error)).contains("secret"))
            #expect(ClientCommand.exitCode(for: try #require(error)) == .validationFailure)
        }
    }

    @Test("Methods are what the flag lists, over all its uses; reading ones without it")
    func methods() throws {
        func configuration(_ flags: [String]) throws -> ScrapeMethods {
            try ClientCommand.parse(["--proxy-url=http://p", "--fqdn=a"] + flags).clientConfiguration().methods
        }
        let plain = try configuration([])
        #expect(plain.allow("GET") && plain.allow("HEAD"))
        #expect(!plain.allow("DELETE") && !plain.allow("POST") && !plain.allow("get") && !plain.allow(""))
        let given = try configuration(["--scrape.allow-methods=GET,PURGE", "--scrape.allow-methods", "M-SEARCH"])
        #expect(given.allow("GET") && given.allow("PURGE") && given.allow("M-SEARCH"))
        #expect(!given.allow("HEAD") && !given.allow("purge"))
    }

    @Test("A certificate without its key, and no proxy at all, are refused")
    func incomplete() {
        #expect(throws: (any Error).self) { try ClientCommand.parse(["--proxy-url=http://p", "--tls.cert=c"]) }
        #expect(throws: (any Error).self) { try ClientCommand.parse(["--proxy-url=http://p", "--tls.key=c"]) }
        #expect(throws: (any Error).self) { try ClientCommand.parse([]) }
    }

    @Test("A credential comes from one place")
    func credential() throws {
        func credential(_ flags: String...) throws -> ProxyCredential {
            try ClientCommand.parse(["--fqdn=a"] + flags).clientConfiguration().credential
        }
        #expect(try credential("--proxy-url=http://u:p@p") == .url)
        #expect(try credential("--proxy-url=http://p", "--proxy.token-file=t") == .tokenFile("t"))
        #expect(try credential("--proxy-url=http://u@p", "--proxy.password-file=t") == .passwordFile("t"))
        for (flags, words) in [
            (["--proxy-url=http://p", "--proxy.password-file=t"], "user's name"),
            (["--proxy-url=http://:secret@p", "--proxy.password-file=t"], "user's name"),
            (["--proxy-url=http://u:secret@p", "--proxy.password-file=t"], "the password in --proxy-url"),
            (["--proxy-url=http://u:secret@p", "--proxy.token-file=t"], "the user in --proxy-url"),
            (["--proxy-url=http://u@p", "--proxy.token-file=t", "--proxy.password-file=t"], "exclude each other"),
        ] {
            let error = #expect(throws: (any Error).self) { try ClientCommand.parse(flags) }
            let message = ClientCommand.fullMessage(for: try #require(error))
            #expect(message.contains(words) && !message.contains("secret"), "\(message)")
        }
    }

    @Test("The machine has a name, and what the resolver makes of localhost is not it")
    func machineName() throws {
        #expect(!MachineName.hostName().isEmpty)
        let name = try MachineName.fullyQualified()
        #expect(name.spelling != "localhost" || MachineName.hostName() == "localhost")
    }

    @Test("Scrapes come by tunnel or polls as --proxy.transport says; of itself, through a tunnel where there is one")
    func transport() throws {
        func mode(_ flags: String...) throws -> TransportMode {
            try ClientCommand.parse(["--proxy-url=http://p", "--fqdn=a"] + flags).clientConfiguration().transport
        }
        #expect(try mode() == .auto)
        #expect(try mode("--proxy.transport=poll") == .poll)
        #expect(try mode("--proxy.transport=tunnel") == .tunnel)
        #expect(throws: (any Error).self) { try mode("--proxy.transport=push") }
    }
}
