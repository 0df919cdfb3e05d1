import Failures
import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Client

@Suite("Several names of one client", .timeLimit(.minutes(1))) struct LANTests {
    private let bench: OfferBench

    init() throws { bench = try OfferBench() }

    /// Five names, two of whom nobody answers for.
    private struct LAN {
        let targets: [ScriptedServer]
        let dead: [RefusingPort]
        let file: String

        init() async throws {
            targets = [try await ScriptedServer(), try await ScriptedServer(), try await ScriptedServer()]
            dead = [try RefusingPort(), try RefusingPort()]
            let ports = targets.map(\.port) + dead.map(\.port)
            file =
                "fqdn: n0\ntargets: [{port: 80, address: \"127.0.0.1:\(ports[0])\"}]\nnames:\n"
                + (1..<5).map { "  - {fqdn: n\($0), targets: [{port: 80, address: \"127.0.0.1:\(ports[$0])\"}]}\n" }
                .joined()
        }

        func answerAll() async throws {
            for (number, target) in targets.enumerated() {
                try await target.next("/metrics").answer(status: "200 OK", "n \(number)\n")
            }
        }

        func stop() async { for target in targets { await target.stop() } }
    }

    @Test("A LAN behind one tunnel: who can't be reached fails alone")
    func tunnelledLAN() async throws {
        let lan = try await LAN()
        try await bench.run(lan.file, transport: .tunnel) { subject in
            let tunnel = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            var streams: [TunnelStreamID] = []
            for number in (0..<5).reversed() { streams.append(try await tunnel.scrape(80, host: "n\(number)")) }
            try await lan.answerAll()
            var ends: [TunnelStreamID: (String, FailureKind?)] = [:]
            var texts: [TunnelStreamID: String] = [:]
            while ends.count < 5 {
                switch try await tunnel.next() {
                case .data(let stream, let bytes): texts[stream, default: ""] += String(buffer: bytes)
                case .ended(let stream): ends[stream] = (texts[stream] ?? "", nil)
                case .reset(let stream, let kind, let text): ends[stream] = (text, kind)
                default: break
                }
            }
            for (index, number) in (0..<5).reversed().enumerated() {
                let end = try #require(ends[streams[index]])
                if number < 3 {
                    #expect(end.0.hasSuffix("\r\n\r\nn \(number)\n") && end.1 == nil)
                } else {
                    #expect(end.1 == .targetUnreachable && end.0.contains("http://n\(number):80/metrics"))
                }
            }
        }
        await lan.stop()
    }

    @Test("A LAN behind polls, as upstream's proxy has them: one for each name, and who can't be reached fails alone")
    func polledLAN() async throws {
        let lan = try await LAN()
        try await bench.run(lan.file, transport: .auto) { subject in
            // Upstream's proxy knows no tunnels: it takes the request for one for a page that there is not.
            try await subject.proxy.next("/tunnel").answer(status: "404 Not Found")
            for poll in try await bench.polls(subject, 5).values {
                try await poll.answer(status: "200 OK", bench.scrape(poll.text, 80, id: poll.text))
            }
            try await lan.answerAll()
            var pushed: [String: PushedMessage] = [:]
            while pushed.count < 5 {
                let push = try await subject.takePush()
                pushed[try #require(push.value("Id"))] = push
            }
            for number in 0..<3 { #expect(pushed["n\(number)"]?.body == "n \(number)\n") }
            for number in 3..<5 {
                let push = try #require(pushed["n\(number)"])
                #expect(push.value("X-Pushprox-Failure") == "target_unreachable")
                #expect(push.body.contains("http://n\(number):80/metrics"))
            }
            // Each is polled for again.
            #expect(try await Set(bench.polls(subject, 5).keys) == ["n0", "n1", "n2", "n3", "n4"])
        }
        await lan.stop()
    }

    @Test("A name that the proxy does not take is said, and the others are served")
    func refusedName() async throws {
        try await bench.run("names: [{fqdn: b}, {fqdn: c}]", transport: .tunnel) { subject in
            let tunnel = try await TunnelPeer.open(try await subject.proxy.next("/tunnel"))
            let hello = try await tunnel.hello()
            try await tunnel.act {
                $0.welcome(refused: [.init(name: hello.names[1], reason: "access denied")], at: .now())
            }
            let stream = try await tunnel.scrape(1, path: "/", host: "x")
            _ = try await tunnel.response(stream)
            #expect(subject.log.count("err=\"access denied\" fqdn=b") == 1)
            #expect(subject.client.readiness.isReady)
        }
        try await bench.run("names: [{fqdn: b}]", transport: .poll) { subject in
            let polls = try await bench.polls(subject, 2)
            try await polls["b"]?.answer(status: "403 Forbidden", "not yours\n")
            #expect(try await subject.proxy.next("/poll").text == "b")
            try await polls["127.0.0.1"]?.answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(subject.log.count("err=\"the poll was answered with status 403: not yours") == 1)
            #expect(subject.client.readiness.isReady)
        }
    }
}
