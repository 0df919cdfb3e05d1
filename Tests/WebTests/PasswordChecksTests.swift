import Access
import NIOCore
import NIOPosix
import Settings
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite("Which passwords are checked") struct PasswordDeskTests {
    private let rules: AccessRules

    init() throws {
        let hash = try #require(PasswordHash.make(of: Secret("right"), cost: 4))
        rules = try AccessRules(file: nil, users: [(name: "u", hash: hash)])
    }

    private func check(_ password: String, _ user: String = "u") throws -> PasswordCheck {
        guard case .password(let check) = rules.authenticate(.some(.password(user: user, Secret(password)))) else {
            throw SettingsProblem(file: "", text: "no password")
        }
        return check
    }

    @Test("The same password is checked once for all who come with it, and known from then on")
    func shared() throws {
        var desk = PasswordDesk<Int>(most: 8)
        let right = try check("right")
        guard case .run(let key) = desk.asked(right, from: [1], waiter: 1, now: 0) else {
            Issue.record("not run")
            return
        }
        for waiter in 2...1000 {
            guard case .joined = desk.asked(right, from: [2], waiter: waiter, now: 0) else {
                Issue.record("not joined")
                return
            }
        }
        #expect(desk.count == 1)
        #expect(desk.finished(right, key, from: [1], as: right.run(), now: 1) == Array(1...1000))
        #expect(desk.finished(right, key, from: [1], as: right.run(), now: 1).isEmpty)
        guard case .known(let caller) = desk.asked(right, from: [3], waiter: 0, now: 2) else {
            Issue.record("not known")
            return
        }
        #expect(caller.identity == "u" && desk.count == 0)
    }

    @Test("Wrong passwords slow all addresses that came with them, of users that exist or not, and no other")
    func slowed() throws {
        for user in ["u", "nobody"] {
            var desk = PasswordDesk<Int>(most: 8)
            for attempt in 0...PasswordBrake.freeFailures {
                let wrong = try check("wrong \(attempt)", user)
                guard case .run(let key) = desk.asked(wrong, from: [1], waiter: 0, now: 0) else {
                    Issue.record("not run")
                    return
                }
                _ = desk.asked(wrong, from: [2], waiter: 1, now: 0)
                #expect(desk.finished(wrong, key, from: [1], as: wrong.run(), now: 0).count == 2)
            }
            for address: [UInt8] in [[1], [2]] {
                guard case .known(let caller) = desk.asked(try check("right", user), from: address, waiter: 0, now: 0)
                else {
                    Issue.record("looked at")
                    return
                }
                #expect(caller.rejection == .slowed)
            }
            guard case .run = desk.asked(try check("right", user), from: [3], waiter: 0, now: 0) else {
                Issue.record("another address is slowed")
                return
            }
        }
    }

    @Test("Only so many are under way, of one address and in all; those that end make room")
    func full() throws {
        let most = PasswordDesk<Int>.mostOfAddress
        var desk = PasswordDesk<Int>(most: most + 1)
        var first: (PasswordCheck, PasswordCache.Key)?
        for attempt in 0..<most {
            let asked = try check("\(attempt)")
            guard case .run(let key) = desk.asked(asked, from: [1], waiter: 0, now: 0) else {
                Issue.record("not run")
                return
            }
            first = first ?? (asked, key)
        }
        func isFull(_ password: String, from address: [UInt8]) throws -> Bool {
            if case .full = desk.asked(try check(password), from: address, waiter: 0, now: 0) { true } else { false }
        }
        #expect(try isFull("a", from: [1]))
        #expect(try !isFull("b", from: [2]))
        #expect(try isFull("c", from: [3]))
        let (ended, key) = try #require(first)
        #expect(desk.finished(ended, key, from: [1], as: nil, now: 0) == [0])
        #expect(try !isFull("d", from: [1]))
        #expect(try isFull("e", from: [1]))
    }
}

@Suite("A listener with users") struct UsersAdmissionTests {
    /// `u` with the password `right`.
    private static let basic = "Authorization: Basic dTpyaWdodA==\r\n"
    private static let wrong = "Authorization: Basic dTp3cm9uZw==\r\n"

    private func run(_ password: String?, body: (EchoServer, MetricRegistry) async throws -> Void) async throws {
        let users = try password.map { text in
            [(name: "u", hash: try #require(PasswordHash.make(of: Secret(text), cost: 4)))]
        }
        let rules = try AccessRules(file: nil, users: users ?? [])
        let registry = MetricRegistry()
        let passwords = PasswordChecks(threads: 2, most: 8, metrics: PasswordMetrics(in: registry, prefix: "test"))
        try await EchoServer.run(admission: UsersAdmission({ rules }, passwords: passwords)) {
            try await body($0, registry)
        }
        await passwords.stop()
    }

    private static func checks(_ registry: MetricRegistry, _ result: String) -> String? {
        String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("test_web_password_checks_total{result=\"\(result)\"} ") }
            .map { String($0.drop { $0 != " " }.dropFirst()) }
    }

    @Test("Who knows the password is let in, checked once; nobody else is, but to what is open to all")
    func passwords() async throws {
        try await run("right") { server, registry in
            let connection = try await server.open()
            for (fields, target, status) in [
                ("", "/static/small", 401), (Self.basic, "/static/small", 200), (Self.wrong, "/static/small", 401),
                ("Authorization: Bearer right\r\n", "/static/small", 401),
                (Self.basic + Self.basic, "/static/small", 401), ("", "/static/none", 404),
                (Self.basic, "/static/small", 200), ("Proxy-" + Self.basic, "/static/small", 401),
            ] {
                try await connection.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                let answer = try await connection.response()
                #expect(answer.status == status, "\(fields)")
                #expect(answer.head.contains("WWW-Authenticate: Basic") == (status == 401))
            }
            #expect(Self.checks(registry, "right") == "1")
            #expect(Self.checks(registry, "wrong") == "1")
        }
    }

    @Test("Without users everybody is let in, whatever they show")
    func noUsers() async throws {
        try await run(nil) { server, registry in
            let connection = try await server.open()
            try await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.wrong)\r\n")
            #expect(try await connection.response().status == 200)
            #expect(Self.checks(registry, "wrong") == "0")
        }
    }

    @Test("Passwords that wait when the threads end are answered, by nobody's leave")
    func stopped() async throws {
        let hash = try #require(PasswordHash.make(of: Secret("right"), cost: 4))
        let rules = try AccessRules(file: nil, users: [(name: "u", hash: hash)])
        guard case .password(let check) = rules.authenticate(.some(.password(user: "u", Secret("right")))) else {
            Issue.record("no password")
            return
        }
        let registry = MetricRegistry()
        let passwords = PasswordChecks(threads: 1, most: 8, metrics: PasswordMetrics(in: registry, prefix: "test"))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        guard case .later(let known) = passwords.check(check, from: "192.0.2.1", on: loop) else {
            Issue.record("not later")
            return
        }
        #expect(try await known.get().identity == "u")
        guard case .known = passwords.check(check, from: nil, on: loop) else {
            Issue.record("not known")
            return
        }
        await passwords.stop()
    }
}
