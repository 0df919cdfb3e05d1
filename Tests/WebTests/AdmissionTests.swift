import NIOCore
import NIOPosix
import Synchronization
import TestKit
import Testing
import Wire

@testable import Web

/// Refuses `/refused`, decides on `/later…` when the test says so, and admits the rest as the peer's address.
private final class Gate: Admission {
    final class Guest: AdmittedIdentity {
        let name: String
        init(_ name: String) { self.name = name }
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let asked = Mutex<[RouteAction]>([])
    private let waiting: EventLoopPromise<EventLoopPromise<Verdict>>

    init() { waiting = loop.makePromise() }

    deinit { waiting.fail(CancellationError()) }

    var questions: [RouteAction] { asked.withLock { $0 } }

    func verdict(on question: AdmissionQuestion) -> Verdict {
        asked.withLock { $0.append(question.action) }
        if question.head.target == "/refused" { return .refused(.text(403, "no")) }
        guard question.head.target.hasPrefix("/later") else {
            return .admitted(as: Guest(question.peer.address ?? ""))
        }
        let promise = loop.makePromise(of: Verdict.self)
        waiting.succeed(promise)
        return .later(promise.futureResult)
    }

    /// Waits for a request that is put off.
    func decide(_ verdict: Verdict) async throws { try await waiting.futureResult.get().succeed(verdict) }

    func arrived() async throws { _ = try await waiting.futureResult.get() }
}

@Suite("Who may do what is asked before it is done") struct AdmissionTests {
    private static func later(_ fields: String = "") -> String {
        "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\(fields)\r\n"
    }

    @Test("Every request is asked about, of a table of routes or not, and refused without being served")
    func everyRoute() async throws {
        let gate = Gate()
        try await EchoServer.run(admission: gate) { server in
            let connection = try await server.open()
            for (target, status) in [("/a", 200), ("/static/small", 200), ("/static/none", 404), ("/refused", 403)] {
                try await connection.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.response().status == status)
            }
        }
        #expect(
            gate.questions == [.read(path: "/a"), .read(path: "/static/small"), .open, .read(path: "/refused")])
    }

    @Test("A verdict may come later: what has come is served then, and what comes behind it")
    func later() async throws {
        let gate = Gate()
        try await EchoServer.run(admission: gate) { server in
            let connection = try await server.open()
            try await connection.send(Self.later() + "bo")
            try await gate.arrived()
            try await connection.send("dyGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            try await gate.decide(.admitted(as: nil))
            #expect(try await connection.response().body == "POST /later body\n")
            #expect(try await connection.response().body == "GET /next \n")
        }
    }

    @Test("100 Continue is sent when the request is admitted, and not before")
    func expecting() async throws {
        for verdict in [Verdict.admitted(as: nil), .refused(.text(403, "no"))] {
            let gate = Gate()
            try await EchoServer.run(admission: gate) { server in
                let connection = try await server.open()
                try await connection.send(Self.later("Expect: 100-continue\r\n"))
                try await gate.decide(verdict)
                let first = try await connection.response()
                guard case .admitted = verdict else {
                    #expect(first.status == 403 && first["Connection"] == "close")
                    return
                }
                #expect(first.status == 100)
                try await connection.send("body")
                #expect(try await connection.response().body == "POST /later body\n")
            }
        }
    }

    @Test("A peer that leaves while it is decided on is noticed, and the verdict ignored")
    func gone() async throws {
        let gate = Gate()
        try await EchoServer.run(admission: gate) { server in
            let connection = try await server.open()
            try await connection.send(Self.later())
            try await gate.arrived()
            await connection.close()
            try await server.wait("test_web_connections", for: 1)
            try await gate.decide(.admitted(as: nil))
            try await server.wait("test_web_connections", for: 1)
        }
    }

    @Test("An admission that fails admits nobody")
    func failed() async throws {
        struct Failing: Admission {
            struct Broken: Error {}
            func verdict(on question: AdmissionQuestion) -> Verdict {
                .later(MultiThreadedEventLoopGroup.singleton.next().makeFailedFuture(Broken()))
            }
        }
        try await EchoServer.run(admission: Failing()) { server in
            let connection = try await server.open()
            try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.response().status == 503)
        }
    }
}
