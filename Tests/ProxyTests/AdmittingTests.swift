import Access
import NIOCore
import NIOPosix
import Settings
import Synchronization
import Telemetry
import Testing
import Web
import Wire

@testable import Proxy

/// Admission and passes as values: certificates, what is kept with a connection, and who may answer for whom.
@Suite struct AdmittingTests {
    private let desk: AccessDesk
    private let denied = Box()
    private let admission: AccessAdmission

    private final class Box: Sendable {
        private let all = Mutex<[DeniedRequest]>([])
        func add(_ request: DeniedRequest) { all.withLock { $0.append(request) } }
        var reasons: [String] { all.withLock { $0.map(\.denial.explanation) } }
    }

    init() throws {
        desk = AccessDesk(
            try Self.rules(
                """
                identities:
                  every-machine: {certificate: true, register: ["@own"]}
                  many: {certificate: ["x.many"], register: ["*.many"]}
                  token: {token_hash: "\(AccessProxy.token("t"))", register: ["a.eu", "*.many"]}
                """))
        admission = AccessAdmission(
            desk: desk, passwords: PasswordChecks(metrics: PasswordMetrics(in: MetricRegistry(), prefix: "x"))
        ) { [denied] in denied.add($0) }
    }

    private static func rules(_ yaml: String) throws -> AccessRules {
        try AccessRules(file: AccessFile(SettingsFile.parse(Array(yaml.utf8), path: "access.yml")))
    }

    private func head(_ fields: String = "") throws -> RequestHead {
        var buffer = ByteBuffer(string: "POST /poll HTTP/1.1\r\nHost: p\r\n\(fields)\r\n")
        var parser = HeadParser(.request, maxBytes: 4096)
        return try #require(try RequestHead.parse(&buffer, with: &parser))
    }

    private func visitor(
        _ names: [String]?, until: Int64 = .max, fields: String = "", before: Visitor? = nil
    ) throws -> Visitor? {
        let certificate = names.map {
            PeerCertificate(subject: "", dnsNames: $0, ipAddresses: [], serial: "1", validity: 0...until)
        }
        let peer = Peer(
            address: "192.0.2.1", listener: "web", security: PeerSecurity(version: "TLSv1.3", certificate: certificate),
            identity: before)
        let question = AdmissionQuestion(
            .poll, try head(fields), peer: peer, on: MultiThreadedEventLoopGroup.singleton.next())
        guard case .admitted(let identity) = admission.verdict(on: question) else { return nil }
        return identity as? Visitor
    }

    private func mayRegister(_ visitor: Visitor?, _ name: String) throws -> Bool {
        guard let name = FQDN(name) else { return false }
        return if case .pass = desk.decide(visitor, .register, name) { true } else { false }
    }

    @Test("A certificate is its own names and no others; a token shown beside it counts before it")
    func certificates() throws {
        let machine = try visitor(["a.eu", "b.eu"])
        #expect(machine?.name == "every-machine")
        #expect(try mayRegister(machine, "A.eu.") && mayRegister(machine, "b.eu"))
        #expect(try !mayRegister(machine, "c.eu"))
        #expect(try visitor(nil) == nil)
        #expect(try visitor(["a.eu"], fields: AccessProxy.bearer("t"))?.name == "token")
        #expect(try visitor(["a.eu"], fields: AccessProxy.bearer("wrong")) == nil)
        #expect(denied.reasons == ["no credential", "a token that no identity has"])
    }

    @Test("A certificate counts until it runs out, on a connection that was there before too")
    func expired() throws {
        #expect(try visitor(["a.eu"], until: 1) == nil)
        #expect(denied.reasons == ["a certificate that has run out"])
        let caller = try #require(try visitor(["a.eu"])).caller
        let old = Visitor(
            caller, CredentialMark(try head(), "Authorization"), address: nil, certificateExpires: 1, desk: desk)
        #expect(try !mayRegister(old, "a.eu"))
        #expect(try visitor(["a.eu"], until: 1, before: old) == nil)
    }

    @Test("A connection's visitor stays while credential and rules do, and is looked up anew when either changes")
    func kept() throws {
        let first = try #require(try visitor(nil, fields: AccessProxy.bearer("t")))
        #expect(try visitor(nil, fields: AccessProxy.bearer("t"), before: first) === first)
        #expect(try visitor(nil, fields: AccessProxy.bearer("u"), before: first) == nil)
        #expect(try visitor(nil, before: first) == nil)
        #expect(try visitor(["a.eu"], before: first)?.name == "every-machine")
        desk.adopt(
            try Self.rules("identities: {other: {token_hash: \"\(AccessProxy.token("t"))\", register: [\"*\"]}}"))
        let second = try visitor(nil, fields: AccessProxy.bearer("t"), before: first)
        #expect(second?.name == "other")
        // What was allowed by the rules of before is asked anew.
        #expect(try mayRegister(first, "anything"))
        desk.adopt(try Self.rules("anonymous: {read: true}"))
        #expect(try !mayRegister(second, "anything"))
        #expect(try visitor(nil, fields: AccessProxy.bearer("t"), before: second) == nil)
    }

    @Test(
        "Who was handed a scrape answers it: the same identity, and of those that stand for many machines one that has the name"
    )
    func answering() throws {
        let a = try visitor(["a.eu"])
        func may(_ pusher: Visitor?, _ holder: Visitor?, _ name: String = "a.eu") throws -> Bool {
            LivePorts.mayAnswer(pusher, for: FQDN(name)!, handedTo: holder)
        }
        #expect(try may(nil, nil))
        #expect(try may(a, a) && may(visitor(["a.eu"]), a))
        #expect(try !may(visitor(["b.eu"]), a))
        #expect(try may(visitor(["b.eu", "a.eu"]), a))
        #expect(try !may(visitor(nil, fields: AccessProxy.bearer("t")), a))
        #expect(try !may(nil, a) && !may(a, nil))
        let many = try visitor(["x.many"])
        #expect(try may(visitor(["x.many", "y"]), many, "z.many"))
        #expect(try !may(visitor(nil, fields: AccessProxy.bearer("t")), many, "z.many"))
    }

    @Test("A pass is good for the rules that it was given by, and is judged again by those of now")
    func passes() throws {
        let token = try visitor(nil, fields: AccessProxy.bearer("t"))
        guard case .pass(let pass) = desk.decide(token, .register, FQDN("a.eu")) else {
            Issue.record("no pass")
            return
        }
        #expect(pass.isCurrent)
        desk.adopt(try Self.rules("anonymous: {read: true}"))
        #expect(!pass.isCurrent)
        if case .pass = pass.judgedAgain() { Issue.record("still a pass") }
    }
}
