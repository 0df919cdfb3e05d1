import Wire

/// What the rules say to a request.
public enum Decision: Sendable {
    case allowed(Permit)
    case denied(Denial)

    public var permit: Permit? {
        if case .allowed(let permit) = self { permit } else { nil }
    }

    public var denial: Denial? {
        if case .denied(let denial) = self { denial } else { nil }
    }
}

/// That somebody may do something. Only `AccessRules.decide` makes one: what asks for a permit can't be reached without the question.
public struct Permit: Sendable {
    public let caller: Caller
    public let action: AccessAction
    /// Of whom to scrape, or to be.
    public let name: FQDN?

    fileprivate init(caller: Caller, action: AccessAction, name: FQDN?) {
        self.caller = caller
        self.action = action
        self.name = name
    }

    /// Whether another permit is the same identity's: what was handed to one may only be answered by the same. Nobody, where that is allowed
    /// anything, is the same as nobody.
    public func isOfSameIdentity(as other: Permit) -> Bool { caller.identity == other.caller.identity }
}

extension AccessRules {
    /// The one place that says who may do what.
    ///
    /// What anonymous callers may do, everybody may, whatever they show. A caller from other rules, of a connection that was there before the file
    /// changed, is judged by these.
    ///
    /// - Parameters:
    ///   - caller: From `authenticate`, now or earlier.
    ///   - name: Of whom to scrape, or to be; for the other actions, none.
    public func decide(_ caller: Caller, _ action: AccessAction, _ name: FQDN? = nil) -> Decision {
        let caller = current(caller)
        let isAllowed =
            anonymous.allow(action, name, own: [])
            || caller.known?.grants.allow(action, name, own: caller.ownNames) ?? false
        if isAllowed { return .allowed(Permit(caller: caller, action: action, name: name)) }
        return .denied(Denial(caller: caller, action: action, name: name))
    }

    /// Whether what was allowed still is, by these rules.
    public func decide(again permit: Permit) -> Decision { decide(permit.caller, permit.action, permit.name) }

    /// For before the name is known: a denial that no name would change. That there is none permits nothing yet.
    public func foreseeableDenial(_ caller: Caller, _ action: AccessAction) -> Denial? {
        let caller = current(caller)
        if anonymous.allowSome(action) || caller.known?.grants.allowSome(action) ?? false { return nil }
        return Denial(caller: caller, action: action, name: nil)
    }

    /// Which names a caller may scrape: all that `/clients` shows it.
    public func scrapableNames(by caller: Caller) -> ScrapableNames {
        let caller = current(caller)
        let patterns = [anonymous.scrape] + (caller.known.map { [$0.grants.scrape] } ?? [])
        let own = patterns.contains(where: \.hasOwn) ? caller.ownNames : []
        return ScrapableNames(
            patterns: patterns, own: own,
            id: ScrapableNames.ID(generation: generation, identity: caller.identity, own: own))
    }
}

/// Which names somebody may scrape.
public struct ScrapableNames: Sendable {
    /// The same for callers who may scrape the same for the same reason: by the same rules, the same identity, with the same names of its
    /// own as far as they count.
    public struct ID: Sendable, Hashable {
        public let generation: AccessRules.Generation
        let identity: String?
        let own: [FQDN]
    }

    let patterns: [NamePatterns]
    let own: [FQDN]
    public let id: ID

    /// Whether nothing needs to be left out.
    public var isEverything: Bool { patterns.contains(where: \.isEverything) }

    public func contains(_ name: FQDN) -> Bool { patterns.contains { $0.matches(name, own: own) } }
}
