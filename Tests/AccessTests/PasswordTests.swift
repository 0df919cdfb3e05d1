import Settings
import Testing
import Wire

@testable import Access

@Suite("Passwords") struct PasswordTests {
    @Test(
        "Hashes of other programs are known: Go's, htpasswd's, OpenBSD's",
        arguments: [
            // Of exporter-toolkit's tests and handler, of John the Ripper's and of Openwall's test vectors.
            ("fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"),
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
            (
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
                "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
            ),
        ])
    func known(password: String, text: String) throws {
        let hash = try #require(PasswordHash(text))
        #expect(hash.verify(Secret(password)))
        #expect(!hash.verify(Secret(password + (password.utf8.count < 72 ? "x" : ""))) || password.utf8.count >= 72)
        #expect(!hash.verify(Secret("x" + password)))
    }

    @Test("What is made is verified, and is $2y$ of the cost that was asked for")
    func made() throws {
        let hash = try #require(PasswordHash.make(of: Secret("pässwörd"), cost: 4))
        #expect(hash.written.hasPrefix("$2y$04$") && hash.cost == 4)
        #expect(hash.verify(Secret("pässwörd")) && !hash.verify(Secret("pässword")) && !hash.verify(Secret("")))
        #expect(PasswordHash(hash.written) == hash)
        #expect(PasswordHash.make(of: Secret("pässwörd"), cost: 4) != hash)
        #expect(PasswordHash.make(of: Secret(""), cost: 4) == nil)
        #expect(
            PasswordHash.make(of: Secret("x"), cost: 3) == nil && PasswordHash.make(of: Secret("x"), cost: 32) == nil)
        #expect(PasswordHash.make(of: Secret(String(repeating: "x", count: 73)), cost: 4) == nil)
        #expect(PasswordHash.make(of: Secret(String(repeating: "x", count: 72)), cost: 4) != nil)
    }

    @Test("A password counts to its 72nd byte; one with a NUL is never right")
    func limits() throws {
        let long = String(repeating: "x", count: 72)
        let hash = try #require(PasswordHash.make(of: Secret(long), cost: 4))
        #expect(hash.verify(Secret(long + "y")) && hash.verify(Secret(long + String(repeating: "y", count: 9_000))))
        #expect(!hash.verify(Secret(String(long.dropLast()))))
        let short = try #require(PasswordHash.make(of: Secret("x"), cost: 4))
        #expect(!short.verify(Secret("x\u{0}")) && !short.verify(Secret("x\u{0}y")))
    }

    @Test("What is no bcrypt hash is none")
    func malformed() {
        let rest = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        #expect(PasswordHash("$2b$31$" + rest)?.cost == 31)
        for text in [
            "", "$2y$", "$2x$05$" + rest, "$2$05$" + rest, "$1$abc$" + rest, "$2a$03$" + rest, "$2a$32$" + rest,
            "$2a$5$" + rest, "$2a$+5$" + rest, "$2a$05$" + rest + "x", "$2a$05$" + rest.dropLast(),
            "$2a$05$" + rest.dropLast() + ":", "hunter2",
        ] { #expect(PasswordHash(text) == nil, "\(text)") }
    }

    @Test("Many threads verify at a time")
    func threads() async throws {
        let hashes = try (0..<4).map { try #require(PasswordHash.make(of: Secret("p\($0)"), cost: 4)) }
        let right = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask { hashes[index % 4].verify(Secret("p\(index % 3)")) == (index % 4 == index % 3) }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
    }

    @Test("For users that nobody knows a hash is checked as well, of the cost that most others have")
    func unknownUsers() throws {
        func user(_ name: String, cost: Int) throws -> (name: String, hash: PasswordHash) {
            (name, try #require(PasswordHash.make(of: Secret(name), cost: cost)))
        }
        let rules = try AccessRules(file: nil, users: [user("a", cost: 5), user("b", cost: 5), user("c", cost: 6)])
        guard case .password(let check) = rules.authenticate(.some(.password(user: "nobody", Secret("x")))) else {
            Issue.record("not checked")
            return
        }
        #expect(check.hash.cost == 5)
        #expect(check.run().identity == nil)
        for cost in PasswordHash.costs { #expect(PasswordHash.unmatchable(cost: cost)?.cost == cost) }
        #expect(PasswordHash.unmatchable(cost: 4)?.verify(Secret("x")) == false)
    }

    @Test("The cache knows what was right: user, hash and password, and forgets the oldest")
    func cache() throws {
        let hash = try #require(PasswordHash.make(of: Secret("p"), cost: 4))
        let other = try #require(PasswordHash.make(of: Secret("p"), cost: 4))
        func check(_ user: String, _ password: String, _ hash: PasswordHash) throws -> PasswordCheck {
            let rules = try AccessRules(file: nil, users: [(user, hash)])
            guard case .password(let check) = rules.authenticate(.some(.password(user: user, Secret(password)))) else {
                throw SettingsProblem(file: "", text: "")
            }
            return check
        }
        var cache = PasswordCache(most: 2)
        let right = try check("u", "p", hash)
        #expect(cache.caller(for: right) == nil)
        cache.remember(right, as: right.run())
        #expect(cache.caller(for: right)?.identity == "u" && cache.count == 1)
        cache.remember(right, as: right.run())
        #expect(cache.count == 1)
        #expect(try cache.caller(for: check("u", "q", hash)) == nil)
        #expect(try cache.caller(for: check("up", "", hash)) == nil)
        #expect(try cache.caller(for: check("u", "p", other)) == nil)
        let wrong = try check("u", "q", hash)
        cache.remember(wrong, as: wrong.run())
        cache.remember(wrong, as: wrong.slowed())
        cache.remember(wrong, as: AccessRules.open.caller())
        cache.remember(try check("v", "wrong", other), as: right.run())
        #expect(cache.count == 1)
        for user in ["v", "w"] {
            let next = try check(user, "p", hash)
            cache.remember(next, as: next.run())
            #expect(cache.caller(for: next)?.identity == user)
        }
        #expect(cache.count == 2 && cache.caller(for: right) == nil)
        #expect(PasswordCache(most: 2).caller(for: right) == nil)
    }
}

@Suite("Failed passwords are slowed, by address") struct PasswordBrakeTests {
    private let home: [UInt8] = [192, 0, 2, 1]
    private let second: UInt64 = 1_000_000_000

    @Test("Some failures are free, then the wait doubles up to a minute, and is forgotten after ten")
    func doubling() {
        var brake = PasswordBrake()
        for _ in 0..<5 {
            brake.failed(from: home, now: 0)
            #expect(brake.wait(for: home, now: 0) == 0)
        }
        for expected: UInt64 in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            brake.failed(from: home, now: 0)
            #expect(brake.wait(for: home, now: 0) == expected * second)
        }
        #expect(brake.wait(for: home, now: 59 * second) == second)
        #expect(brake.wait(for: home, now: 60 * second) == 0)
        #expect(brake.wait(for: [192, 0, 2, 2], now: 0) == 0)
        brake.failed(from: home, now: 601 * second)
        #expect(brake.wait(for: home, now: 601 * second) == 0)
        for _ in 0..<100_000 { brake.failed(from: home, now: 602 * second) }
        #expect(brake.wait(for: home, now: 602 * second) == 60 * second)
        // A clock that goes back opens no gate, and closes none for longer.
        #expect(brake.wait(for: home, now: 0) == 60 * second)
        brake.failed(from: home, now: 0)
        #expect(brake.wait(for: home, now: 602 * second) == 60 * second)
        for now: UInt64 in [0, 1, .max] { #expect(brake.wait(for: home, now: now) <= 60 * second) }
    }

    @Test("An IPv6 network of a /64 is one address, an IPv4 address mapped into IPv6 is itself")
    func networks() {
        var brake = PasswordBrake()
        let network: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1]
        for index in 0..<6 { brake.failed(from: network + [0, 0, 0, 0, 0, 0, 0, UInt8(index)], now: 0) }
        #expect(brake.wait(for: network + [9, 9, 9, 9, 9, 9, 9, 9], now: 0) > 0)
        #expect(brake.wait(for: [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 8), now: 0) == 0)
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + home
        for _ in 0..<6 { brake.failed(from: mapped, now: 0) }
        #expect(brake.wait(for: home, now: 0) > 0)
        #expect(brake.count == 2)
        brake.failed(from: [], now: 0)
        brake.failed(from: [UInt8](repeating: 1, count: 99), now: 0)
        #expect(brake.count == 4)
    }

    @Test("Its table is bounded: the oldest go")
    func bounds() {
        var brake = PasswordBrake(most: 100)
        for index in 0..<10_000 {
            for _ in 0..<6 { brake.failed(from: [10, 0, UInt8(index / 256), UInt8(index % 256)], now: UInt64(index)) }
            #expect(brake.count <= 100)
        }
        #expect(brake.forgotten >= 9_900)
        #expect(brake.wait(for: [10, 0, 39, 15], now: 10_000) > 0)
        #expect(brake.wait(for: [10, 0, 0, 0], now: 10_000) == 0)
        var small = PasswordBrake(most: 1)
        small.failed(from: home, now: 0)
        small.failed(from: [1, 2, 3, 4], now: 0)
        #expect(small.count == 1)
    }
}
