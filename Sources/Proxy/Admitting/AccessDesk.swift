import Access
import Glibc
import Synchronization
import Web
import Wire

/// The access rules in force at a listener, and the one place where they are asked.
final class AccessDesk: Sendable {
    /// Where everybody may do everything, for good.
    static let open = AccessDesk(.open)

    private let inForce: Mutex<AccessRules>

    init(_ rules: AccessRules) { inForce = Mutex(rules) }

    var rules: AccessRules { inForce.withLock { $0 } }

    /// What is decided from now on is decided by these.
    func adopt(_ rules: AccessRules) { inForce.withLock { $0 = rules } }

    /// Whether somebody may do something.
    ///
    /// - Parameters:
    ///   - identity: As whom admission let the request in; nobody, where it was not asked.
    ///   - name: Of whom to scrape, or to be.
    func decide(_ identity: (any AdmittedIdentity)?, _ action: AccessAction, _ name: FQDN? = nil) -> PassDecision {
        decide(identity as? Visitor, action, name)
    }

    func decide(_ visitor: Visitor?, _ action: AccessAction, _ name: FQDN? = nil) -> PassDecision {
        let rules = rules
        guard let visitor else { return judged(rules.decide(rules.nobody, action, name), nil) }
        // A certificate may run out while its connection lives.
        let caller = visitor.hasExpired(at: Int64(time(nil))) ? rules.expired() : visitor.caller
        if caller.rejection == nil, let permit = visitor.permit(action, name, of: rules.generation) {
            return .pass(Pass(permit, visitor, self))
        }
        let decision = rules.decide(caller, action, name)
        if let permit = decision.permit { visitor.keep(permit) }
        return judged(decision, visitor)
    }

    /// Which names somebody may scrape.
    func scrapableNames(by identity: (any AdmittedIdentity)?) -> ScrapableNames {
        let rules = rules
        return rules.scrapableNames(by: (identity as? Visitor)?.caller ?? rules.nobody)
    }

    private func judged(_ decision: Decision, _ visitor: Visitor?) -> PassDecision {
        switch decision {
        case .allowed(let permit): .pass(Pass(permit, visitor, self))
        case .denied(let denial): .denied(denial)
        }
    }
}

/// What the desk says.
enum PassDecision: Sendable {
    case pass(Pass)
    case denied(Denial)
}

/// A permit, who has it, and where it was given: what the dispatcher takes scrapes and deliveries with. Only the desk makes one.
struct Pass: Sendable {
    let permit: Permit
    /// `nil` where nobody is told apart.
    let holder: Visitor?
    private let desk: AccessDesk

    fileprivate init(_ permit: Permit, _ holder: Visitor?, _ desk: AccessDesk) {
        self.permit = permit
        self.holder = holder
        self.desk = desk
    }

    /// Whether the rules are still those that it was given by.
    var isCurrent: Bool { permit.caller.generation == desk.rules.generation }

    /// By the rules that are in force now.
    func judgedAgain() -> PassDecision { desk.decide(holder, permit.action, permit.name) }
}

extension AccessRules {
    /// Who shows nothing.
    var nobody: Caller {
        switch authenticate(.none) {
        case .known(let caller): caller
        // Only who shows a password has one checked.
        case .password(let check): check.slowed()
        }
    }
}
