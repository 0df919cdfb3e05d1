import Access
import NIOCore
import Wire

/// Admits the users of a web configuration (`basic_auth_users`), who may do everything, as exporter-toolkit does; everybody while there are
/// none. What is open to all (`RouteAction.open`) needs no password. Scrapes show theirs in `Proxy-Authorization`: `Authorization` is the
/// target's.
public struct UsersAdmission: Admission {
    private final class User: AdmittedIdentity {
        let name: String
        init(_ name: String) { self.name = name }
    }

    private let rules: @Sendable () -> AccessRules
    private let passwords: PasswordChecks

    /// - Parameter rules: Those of now, made of users alone. Asked for each request.
    public init(_ rules: @escaping @Sendable () -> AccessRules, passwords: PasswordChecks) {
        self.rules = rules
        self.passwords = passwords
    }

    public func verdict(on question: AdmissionQuestion) -> Verdict {
        let rules = rules()
        if rules.origin == .open || question.action == .open { return .admitted(as: nil) }
        let isProxied = question.action.isProxied
        let field = isProxied ? "Proxy-Authorization" : "Authorization"
        switch rules.authenticate(ShownCredential(question.head.message, field)) {
        case .known(let caller): return Self.verdict(rules, caller, isProxied)
        case .password(let check):
            switch passwords.check(check, from: question.peer.address, on: question.eventLoop) {
            case .known(let caller): return Self.verdict(rules, caller, isProxied)
            case .later(let caller): return .later(caller.map { Self.verdict(rules, $0, isProxied) })
            case .full: return .refused(.tooManyPasswords)
            }
        }
    }

    private static func verdict(_ rules: AccessRules, _ caller: Caller, _ isProxied: Bool) -> Verdict {
        guard case .allowed = rules.decide(caller, .read) else {
            return .refused(
                .text(
                    isProxied ? 407 : 401, "a user name and a password are needed here",
                    fields: [
                        (
                            isProxied ? "Proxy-Authenticate" : "WWW-Authenticate",
                            "Basic realm=\"pushprox\", charset=\"UTF-8\""
                        )
                    ]))
        }
        return .admitted(as: caller.identity.map { User($0) })
    }
}

extension RouteAction {
    fileprivate var isProxied: Bool {
        switch self {
        case .scrape, .connect: true
        case .open, .read, .poll, .push, .tunnel: false
        }
    }
}

extension Response {
    /// For `PasswordChecks.Answer.full`.
    public static let tooManyPasswords = Response.text(
        503, "too many passwords wait to be checked; try again", fields: [("Retry-After", "1")])
}

extension ShownCredential {
    /// What a request shows in a field.
    public init(_ head: MessageHead, _ field: String) {
        guard let value = head.first(field) else {
            self = .none
            return
        }
        self = head.count(of: field) > 1 ? .malformed(.several) : ShownCredential([value])
    }
}
