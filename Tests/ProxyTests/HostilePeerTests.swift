import Logging
import NIOCore
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

@testable import Proxy

/// What peers can do to the log, to the list and to each other.
@Suite struct HostilePeerTests {
    @Test("Who polls with made-up processes, or names, writes a bounded number of lines, and the rest is counted")
    func log() async throws {
        let lines = LogLines()
        try await TestProxy.run(logger: lines.logger) { it in
            // Each poll is superseded by the next connection's, and its connection then asks again.
            let connection = try await it.parkedPoll("a", instance: InstanceID())
            let other = try await it.connect()
            for number in 0..<150 {
                let (next, previous) = number.isMultiple(of: 2) ? (other, connection) : (connection, other)
                try await next.send(Self.poll("a", InstanceID()))
                #expect(try await previous.response().status == 408)
            }
            #expect(lines.containing("two live clients").count == KnownClashes.maxPairs)
            try await it.metric("pushprox_client_clashes_total", is: 150)
            var polls: [RawConnection] = []
            for number in 0..<150 { polls.append(try await it.parkedPoll("n\(number)")) }
            #expect(lines.containing("client registered").count == FleetLog.linesPerWindow)
            try await it.metric("pushprox_log_lines_suppressed_total{line=\"registered\"}", is: 51)
            for poll in polls + [connection, other] { await poll.close() }
        }
        let summary = lines.containing("the rest of them was left out")
        #expect(summary.count == 1)
        #expect(summary.first?.contains("count=51 line=registered") == true, "\(summary)")
    }

    private static func poll(_ name: String, _ instance: InstanceID) -> String {
        "POST /poll HTTP/1.1\r\nHost: p\r\nX-Pushprox-Instance: \(instance)\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
    }

    @Test(
        "A poll or push of a page in a browser is refused at once, before its body is in", arguments: ["poll", "push"])
    func browser(path: String) async throws {
        try await TestProxy.run { it in
            let response = try await it.ask(
                "POST /\(path) HTTP/1.1\r\nHost: p\r\nOrigin: https://evil.example\r\nContent-Length: 1000000\r\n\r\n")
            #expect(response.status == 403)
            #expect(response.body.contains("browser"))
            let complete = try await it.ask(
                "POST /\(path) HTTP/1.1\r\nHost: p\r\norigin: null\r\nContent-Length: 1\r\n\r\na")
            #expect(complete.status == 403)
            #expect(it.gauges == BrokerGauges())
            try await it.metric("pushprox_browser_requests_refused_total", is: 2)
        }
    }

    @Test(
        "A poll of upstream's client that takes the place of ours is counted and said, and the displaced client is told"
    )
    func silentTakeover() async throws {
        let lines = LogLines()
        try await TestProxy.run(logger: lines.logger) { it in
            let ours = try await it.parkedPoll("a", instance: InstanceID())
            let theirs = try await it.poll("a")
            let answer = try await ours.response()
            #expect(answer.status == 408 && answer.body.contains("same FQDN"))
            try await it.metric("pushprox_client_clashes_total", is: 1)
            #expect(lines.containing("two live clients").count == 1)
            for connection in [ours, theirs] { await connection.close() }
        }
    }

    @Test("What is told of a target has no user information, no query and nothing that steers a terminal")
    func target() async throws {
        try await TestProxy.run { it in
            let connection = try await it.connect()
            let request =
                "GET http://user:secret@a:9100/m\u{9B}2J\u{202E}x?token=secret HTTP/1.1\r\nHost: a\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 0.05\r\n\r\n"
            try await connection.send(request)
            let response = try await connection.response()
            #expect(response.status == 504)
            #expect(response.body.contains("target http://a:9100/m 2J x,"), "\(response.body)")
            await connection.close()
        }
    }

    @Test("The list of clients is the same for everybody, from the first request, and follows each change")
    func list() async throws {
        try await TestProxy.run { it in
            #expect(try await it.get("/clients").body == "[]\n")
            var polls: [RawConnection] = []
            for number in 0..<300 { polls.append(try await it.parkedPoll("n\(number)")) }
            let names = (0..<300).map { "{\"targets\":[\"n\($0)\"],\"labels\":{}}" }
            #expect(try await it.get("/clients").body == "[" + names.joined(separator: ",") + "]\n")
            polls.append(try await it.poll("N299"))
            _ = try await polls[299].response()
            #expect(
                try await it.get("/clients").body == "[" + names.dropLast().joined(separator: ",")
                    + ",{\"targets\":[\"N299\"],\"labels\":{}}]\n")
            for poll in polls { await poll.close() }
        }
    }
}
