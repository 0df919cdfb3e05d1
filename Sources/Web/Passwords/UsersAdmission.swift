import Access
import NIOCore
import Wire

/// Admits the users of a web configuration (`basic_auth_users`), who may do everything, as exporter-toolkit does; everybody while there are
/// none. What is open to all (`RouteAction.open`) needs no password.
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
        switch rules.authenticate(ShownCredential(question.head.message, "Authorization")) {
        case .known(let caller): return Self.verdict(rules, caller)
        case .password(let check):
            switch passwords.check(check, from: question.peer.address, on: question.eventLoop) {
            case .known(let caller): return Self.verdict(rules, caller)
            case .later(let caller): return .later(caller.map { Self.verdict(rules, $0) })
            case .full: return .refused(.tooManyPasswords)
            }
        }
    }

    private static func verdict(_ rules: AccessRules, _ caller: Caller) -> Verdict {
        guard case .allowed = rules.decide(caller, .read) else {
            return .refused(
                .text(
                    401, "a user name and a password are needed to read this",
                    fields: [("WWW-Authenticate", "Basic realm=\"pushprox\", charset=\"UTF-8\"")]))
        }
        return .admitted(as: caller.identity.map { User($0) })
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
