import Wire

/// That somebody may not do something, and why: one text for them, and one for the log.
public struct Denial: Error, Sendable {
    public enum Reason: Sendable, Hashable {
        /// No credential, or none that is known: 401, on a scrape 407.
        case unknownCaller(Rejection)
        /// A good one that is not granted this: 403.
        case notGranted
        /// What is answered was given to another identity: as if nobody had asked for it, 404.
        case handedToAnother
    }

    public let reason: Reason
    /// The identity's name; `nil` for nobody.
    public let identity: String?
    public let action: AccessAction
    public let name: FQDN?

    init(caller: Caller, action: AccessAction, name: FQDN?) {
        reason = caller.identity == nil ? .unknownCaller(caller.rejection ?? .nothingShown) : .notGranted
        identity = caller.identity
        self.action = action
        self.name = name
    }

    /// Somebody answers a scrape of this name that another identity was handed.
    ///
    /// - Parameter identity: Whoever answers; `nil` for nobody.
    public static func handedToAnother(_ identity: String?, _ name: FQDN) -> Denial {
        Denial(.handedToAnother, identity: identity, action: .register, name: name)
    }

    private init(_ reason: Reason, identity: String?, action: AccessAction, name: FQDN?) {
        self.reason = reason
        self.identity = identity
        self.action = action
        self.name = name
    }

    /// The HTTP status that says so.
    public var status: Int {
        switch reason {
        case .unknownCaller: action == .scrape ? 407 : 401
        case .notGranted: 403
        case .handedToAnother: 404
        }
    }

    /// For the peer. The same whatever is wrong with a credential, and whether or not there is a client of that name.
    public var text: String {
        switch reason {
        case .unknownCaller: "a credential that this proxy knows is needed to \(action.phrase)"
        case .notGranted: "the identity \(identity?.withoutControls ?? "") may not \(action.phrase)"
        case .handedToAnother: "nobody waits for this"
        }
    }

    /// For the log and the record.
    public var explanation: String {
        switch reason {
        case .unknownCaller(.nothingShown): "no credential"
        case .unknownCaller(.unknownToken): "a token that no identity has"
        case .unknownCaller(.wrongPassword): "a wrong password, or a user that does not exist"
        case .unknownCaller(.slowed): "a password, after too many wrong ones from the same address"
        case .unknownCaller(.unknownCertificate): "a certificate that no identity has"
        case .unknownCaller(.expiredCertificate): "a certificate that has run out"
        case .unknownCaller(.malformed(let flaw)): flaw.rawValue
        case .notGranted: "the identity \(identity?.withoutControls ?? "") is not granted it"
        case .handedToAnother: "the scrape was handed to another identity"
        }
    }
}

extension AccessAction {
    fileprivate var phrase: String {
        switch self {
        case .scrape: "scrape this name"
        case .register: "be a client of this name"
        case .read: "read this"
        case .health: "ask for its health"
        }
    }
}
