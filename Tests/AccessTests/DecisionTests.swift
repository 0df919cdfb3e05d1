import Settings
import Testing
import Wire

@testable import Access

@Suite("Who may do what") struct DecisionTests {
    static let file = """
        identities:
          prometheus:
            password_hash: \(PasswordHash.make(of: Secret("pass"), cost: 4)?.written ?? "")
            scrape: ["*.eu.example.org", "10.0.0.1"]
            read: true
          fleet:
            token_hash: [\(Known.tokenHash("fleet-1")), \(Known.tokenHash("fleet-2"))]
            register: ["*.edge.example.org"]
          all:
            token_hash: \(Known.tokenHash("all"))
            scrape: ["*"]
            register: ["*"]
          every-machine:
            certificate: true
            register: ["@own"]
            scrape: ["@own"]
          grafana:
            certificate: ["grafana.example.org"]
            read: true
        anonymous:
          register: ["lab-*"]
        """

    /// Who asks.
    enum Who: String, CaseIterable {
        case nobody, wrongPassword, unknownUser, unknownToken, malformed
        case prometheus, fleet, fleetAgain, all, machine, machineOfTwoNames, grafana

        func caller(_ rules: AccessRules) -> Caller {
            switch self {
            case .nobody: rules.caller()
            case .wrongPassword: rules.caller("prometheus", "wrong")
            case .unknownUser: rules.caller("nobody", "pass")
            case .unknownToken: rules.caller(token: "fleet-3")
            case .malformed: rules.caller(ShownCredential(["Digest x"]), certificate: ["grafana.example.org"])
            case .prometheus: rules.caller("prometheus", "pass")
            case .fleet: rules.caller(token: "fleet-1")
            case .fleetAgain: rules.caller(token: "fleet-2")
            case .all: rules.caller(token: "all")
            case .machine: rules.caller(certificate: ["web-1.example.org"])
            case .machineOfTwoNames: rules.caller(certificate: ["*.example.org", "a.example.org", "B.example.org"])
            case .grafana: rules.caller(certificate: ["other.example.org", "Grafana.example.org"])
            }
        }

        static let strangers: [Who] = [.nobody, .wrongPassword, .unknownUser, .unknownToken, .malformed]
        static let known = allCases.filter { !strangers.contains($0) }
    }

    struct Row: CustomTestStringConvertible {
        let who: [Who]
        let action: AccessAction
        let name: String?
        let isAllowed: Bool

        init(_ who: [Who], _ action: AccessAction, _ name: String?, _ isAllowed: Bool) {
            self.who = who
            self.action = action
            self.name = name
            self.isAllowed = isAllowed
        }

        init(_ who: Who, _ action: AccessAction, _ name: String?, _ isAllowed: Bool) {
            self.init([who], action, name, isAllowed)
        }

        var testDescription: String { "\(who.map(\.rawValue)) \(action) \(name ?? "–"): \(isAllowed)" }
    }

    static let table: [Row] = [
        // Health is everybody's.
        Row(Who.allCases, .health, nil, true),
        // What nobody in particular may do, everybody may.
        Row(Who.allCases, .register, "lab-1", true),
        Row(Who.allCases, .register, "LAB-1.example.org", true),
        Row(Who.strangers, .register, "web-1", false),
        Row(Who.strangers, .scrape, "lab-1", false),
        Row(Who.strangers, .read, nil, false),
        // Without a name there is nobody to scrape or be.
        Row(Who.allCases, .scrape, nil, false),
        Row(Who.allCases, .register, nil, false),
        // Scraping.
        Row(.prometheus, .scrape, "a.eu.example.org", true),
        Row(.prometheus, .scrape, "a.b.EU.example.org", true),
        Row(.prometheus, .scrape, "a.eu.example.org.", true),
        Row(.prometheus, .scrape, "eu.example.org", false),
        Row(.prometheus, .scrape, "a.us.example.org", false),
        Row(.prometheus, .scrape, "a.eu.example.org.evil.net", false),
        Row(.prometheus, .scrape, "10.0.0.1", true),
        Row(.prometheus, .scrape, "10.0.0.2", false),
        Row(.prometheus, .scrape, "::ffff:10.0.0.1", false),
        Row(.prometheus, .read, nil, true),
        Row(.prometheus, .register, "a.eu.example.org", false),
        // Being a client.
        Row([.fleet, .fleetAgain], .register, "x.edge.example.org", true),
        Row([.fleet, .fleetAgain], .register, "X.EDGE.example.org", true),
        Row([.fleet, .fleetAgain], .register, "x.edge.example.org.", true),
        Row([.fleet, .fleetAgain], .register, "edge.example.org", false),
        Row([.fleet, .fleetAgain], .register, "a.eu.example.org", false),
        Row([.fleet, .fleetAgain], .scrape, "x.edge.example.org", false),
        Row([.fleet, .fleetAgain], .read, nil, false),
        Row(.all, .register, "anything", true),
        Row(.all, .scrape, "127.1", true),
        Row(.all, .read, nil, false),
        // The names of its own certificate, and no others; a wildcard in it is no name.
        Row(.machine, .register, "web-1.example.org", true),
        Row(.machine, .register, "WEB-1.example.org", true),
        Row(.machine, .register, "web-1.example.org.", true),
        Row(.machine, .register, "web-10.example.org", false),
        Row(.machine, .register, "b.example.org", false),
        Row(.machine, .scrape, "web-1.example.org", true),
        Row(.machineOfTwoNames, .register, "a.example.org", true),
        Row(.machineOfTwoNames, .register, "b.example.org", true),
        Row(.machineOfTwoNames, .register, "c.example.org", false),
        // The identity that names a certificate counts, not the one for all.
        Row(.grafana, .read, nil, true),
        Row(.grafana, .register, "grafana.example.org", false),
        Row(.machine, .read, nil, false),
    ]

    @Test("The table", arguments: table) func decisions(row: Row) throws {
        let rules = try rules(Self.file)
        let name = try row.name.map { try #require(FQDN($0)) }
        for who in row.who {
            let caller = who.caller(rules)
            #expect((caller.identity != nil) == Who.known.contains(who), "\(who)")
            let decision = rules.decide(caller, row.action, name)
            #expect((decision.permit != nil) == row.isAllowed, "\(who)")
            #expect((decision.denial == nil) == row.isAllowed, "\(who)")
            if let denial = decision.denial {
                #expect(denial.status == (Who.known.contains(who) ? 403 : row.action == .scrape ? 407 : 401))
            } else {
                #expect(rules.foreseeableDenial(caller, row.action) == nil)
            }
            if row.action == .scrape, let name {
                #expect(rules.scrapableNames(by: caller).contains(name) == row.isAllowed)
            }
        }
    }

    @Test("A denial that no name would change is known before the name is")
    func foreseeable() throws {
        let rules = try rules(Self.file)
        #expect(rules.foreseeableDenial(rules.caller(), .scrape)?.status == 407)
        #expect(rules.foreseeableDenial(rules.caller(), .read)?.status == 401)
        #expect(rules.foreseeableDenial(rules.caller(), .register) == nil)
        #expect(rules.foreseeableDenial(rules.caller(token: "fleet-1"), .scrape)?.status == 403)
        #expect(rules.foreseeableDenial(rules.caller(token: "all"), .scrape) == nil)
        #expect(rules.scrapableNames(by: rules.caller(token: "all")).isEverything)
        #expect(!rules.scrapableNames(by: rules.caller("prometheus", "pass")).isEverything)
    }

    @Test("What a peer is told is the same whatever is wrong with its credential; the log is told more")
    func texts() throws {
        let rules = try rules(Self.file)
        let name = FQDN("a.eu.example.org")
        let denials = Who.strangers.compactMap { rules.decide($0.caller(rules), .scrape, name).denial }
        #expect(denials.count == Who.strangers.count && Set(denials.map(\.text)).count == 1)
        #expect(Set(denials.map(\.explanation)).count == 4)
        #expect(denials[0].text == "a credential that this proxy knows is needed to scrape this name")
        let denial = rules.decide(rules.caller(token: "fleet-1"), .scrape, name).denial
        #expect(denial?.text == "the identity fleet may not scrape this name")
        let slowed = rules.authenticate(.some(.password(user: "prometheus", Secret("pass"))))
        guard case .password(let check) = slowed else { throw SettingsProblem(file: "", text: "no check") }
        #expect(rules.decide(check.slowed(), .read).denial?.text == rules.decide(rules.caller(), .read).denial?.text)
    }

    @Test("Without a file everybody may do everything, and nothing is checked")
    func open() throws {
        for rules in [AccessRules.open, try AccessRules(file: nil)] {
            #expect(rules.origin == .open)
            for caller in [
                rules.caller(), rules.caller(token: "x"), rules.caller("u", "p"), rules.caller(certificate: []),
            ] {
                for action in AccessAction.allCases { #expect(rules.allows(caller, action, "web-1")) }
                #expect(rules.scrapableNames(by: caller).isEverything)
            }
        }
    }

    @Test(
        "Users of the web configuration may do everything, and then nobody else may do anything but what the file grants"
    )
    func users() throws {
        let hash = try #require(PasswordHash.make(of: Secret("pass"), cost: 4))
        let alone = try AccessRules(file: nil, users: [("admin", hash)])
        for action in AccessAction.allCases {
            #expect(alone.allows(alone.caller("admin", "pass"), action, "web-1"))
            #expect(alone.allows(alone.caller(), action, "web-1") == (action == .health))
            #expect(alone.allows(alone.caller("admin", "wrong"), action, "web-1") == (action == .health))
        }
        let both = try rules(Self.file, users: [("admin", hash)])
        #expect(both.allows(both.caller("admin", "pass"), .register, "web-1"))
        #expect(!both.allows(both.caller("prometheus", "pass"), .register, "web-1"))
        #expect(throws: AccessRules.Conflict.self) { try rules(Self.file, users: [("prometheus", hash)]) }
        #expect(throws: AccessRules.Conflict.self) { try rules(Self.file, users: [("fleet", hash)]) }
    }

    @Test("A credential in the request counts before the certificate of the connection")
    func credentialFirst() throws {
        let rules = try rules(Self.file)
        let both = rules.caller(.some(.token(Secret("fleet-1"))), certificate: ["web-1.example.org"])
        #expect(both.identity == "fleet")
        #expect(!rules.allows(both, .register, "web-1.example.org"))
        // A wrong one is not made good by it.
        #expect(rules.caller(.some(.token(Secret("x"))), certificate: ["web-1.example.org"]).identity == nil)
    }

    @Test("A caller of a connection that outlives a reload is judged by the new rules")
    func reload() throws {
        let old = try rules(Self.file)
        let callers = Dictionary(uniqueKeysWithValues: Who.allCases.map { ($0, $0.caller(old)) })
        let same = try rules(Self.file)
        for (who, caller) in callers {
            #expect(old.current(caller).generation == caller.generation)
            #expect(same.current(caller).identity == caller.identity, "\(who)")
        }
        let permit = try #require(
            old.decide(callers[.fleet] ?? old.caller(), .register, FQDN("x.edge.example.org")).permit)
        #expect(same.decide(again: permit).permit?.isOfSameIdentity(as: permit) == true)
        let other = try rules(
            """
            identities:
              renamed:
                token_hash: \(Known.tokenHash("fleet-1"))
                register: ["y.edge.example.org"]
              prometheus:
                password_hash: \(PasswordHash.make(of: Secret("pass"), cost: 4)?.written ?? "")
                read: true
            """)
        #expect(other.decide(again: permit).denial?.identity == "renamed")
        #expect(other.allows(permit.caller, .register, "y.edge.example.org"))
        for who in [Who.fleetAgain, .all, .machine, .grafana] {
            #expect(
                other.decide(callers[who] ?? old.caller(), .register, FQDN("y.edge.example.org")).denial?.status == 401)
        }
        // Another hash is another password until it is shown again.
        #expect(!other.allows(callers[.prometheus] ?? old.caller(), .read))
        #expect(other.allows(other.caller("prometheus", "pass"), .read))
        // What was unknown may be known now.
        let stranger = other.caller(token: "all")
        #expect(stranger.identity == nil && old.allows(stranger, .scrape, "web-1"))
    }

    @Test("A push is taken from the identity that was handed the scrape")
    func pushes() throws {
        let rules = try rules(Self.file)
        func permit(_ who: Who, _ name: String) throws -> Permit {
            try #require(rules.decide(who.caller(rules), .register, FQDN(name)).permit)
        }
        let handed = try permit(.fleet, "x.edge.example.org")
        #expect(try handed.isOfSameIdentity(as: permit(.fleetAgain, "x.edge.example.org")))
        #expect(try !handed.isOfSameIdentity(as: permit(.all, "x.edge.example.org")))
        #expect(try !handed.isOfSameIdentity(as: permit(.nobody, "lab-1")))
    }
}
