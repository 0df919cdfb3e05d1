import Access
import Glibc
import NIOCore
import Web
import Wire

/// Admits by the access rules: who asks is found from the request's credential or else the connection's certificate, and the desk decides.
///
/// On a connection that is kept alive, the identity is looked up again only when the credential or the rules have changed.
struct AccessAdmission: Admission {
    let desk: AccessDesk
    let passwords: PasswordChecks
    /// Told of everything that is refused.
    let denied: @Sendable (DeniedRequest) -> Void

    /// What is asked, without the connection.
    private struct Request: Sendable {
        let action: AccessAction
        /// `nil` for what needs none, and where only the body has it.
        let name: FQDN?
        let isNameKnown: Bool
        let head: RequestHead
        let address: String?
    }

    func verdict(on question: AdmissionQuestion) -> Verdict {
        guard let (action, name, isNameKnown) = Self.wanted(question.action) else { return .admitted(as: nil) }
        let peer = question.peer
        let request = Request(
            action: action, name: name, isNameKnown: isNameKnown, head: question.head, address: peer.address)
        // `Authorization` on a scrape is the target's.
        let header = action == .scrape ? "Proxy-Authorization" : "Authorization"
        let credential = CredentialMark(question.head, header)
        let rules = desk.rules
        if let visitor = peer.identity as? Visitor, let same = known(visitor, credential, by: rules) {
            return settle(same, request)
        }
        let certificate = peer.security?.certificate
        let expires = certificate?.validity.upperBound
        let make: @Sendable (Caller) -> Visitor = { [desk] caller in
            Visitor(
                caller, credential, address: request.address, certificateExpires: expires, desk: desk)
        }
        if credential.isNothing, let expires, expires < Int64(time(nil)) {
            return settle(make(rules.expired()), request)
        }
        let shown = credential.isNothing ? .none : ShownCredential(question.head.message, header)
        switch rules.authenticate(shown, certificateNames: certificate?.dnsNames.compactMap { FQDN($0) }) {
        case .known(let caller): return settle(make(caller), request)
        case .password(let check):
            switch passwords.check(check, from: request.address, on: question.eventLoop) {
            case .known(let caller): return settle(make(caller), request)
            case .later(let caller): return .later(caller.map { settle(make($0), request) })
            case .full: return .refused(.tooManyPasswords)
            }
        }
    }

    private func settle(_ visitor: Visitor, _ request: Request) -> Verdict {
        if !request.isNameKnown {
            guard let denial = desk.rules.foreseeableDenial(visitor.caller, request.action) else {
                return .admitted(as: visitor)
            }
            return refuse(denial, request)
        }
        switch desk.decide(visitor, request.action, request.name) {
        case .pass: return .admitted(as: visitor)
        case .denied(let denial): return refuse(denial, request)
        }
    }

    private func refuse(_ denial: Denial, _ request: Request) -> Verdict {
        denied(DeniedRequest(denial, request.head, address: request.address))
        return .refused(denial.response)
    }

    /// Whom the request before this one came from, if it is the same: `nil` when that has to be found out anew.
    private func known(_ visitor: Visitor, _ credential: CredentialMark, by rules: AccessRules) -> Visitor? {
        guard visitor.desk === desk, visitor.credential == credential, visitor.caller.rejection == nil,
            !visitor.hasExpired(at: Int64(time(nil)))
        else { return nil }
        if visitor.caller.generation == rules.generation { return visitor }
        let caller = rules.current(visitor.caller)
        return caller.rejection == nil ? visitor.with(caller) : nil
    }

    /// - Returns: `nil` for what everybody may do.
    private static func wanted(_ action: RouteAction) -> (AccessAction, FQDN?, isNameKnown: Bool)? {
        switch action {
        case .open: nil
        case .read: (.read, nil, true)
        case .scrape(let client): (.scrape, FQDN(client), true)
        case .connect(let authority):
            (.scrape, AbsoluteTarget("https://\(authority)").flatMap { FQDN($0.authority.host) }, true)
        case .poll, .push, .tunnel: (.register, nil, false)
        }
    }
}
