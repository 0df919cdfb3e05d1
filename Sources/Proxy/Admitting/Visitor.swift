import Access
import Synchronization
import Web
import Wire

/// Who uses a connection: kept with it, and with what was handed to it, so that nobody is looked up twice for the same credential.
final class Visitor: AdmittedIdentity, Equatable {
    let caller: Caller
    /// The peer's.
    let address: String?
    let credential: CredentialMark
    /// Where this one is judged.
    let desk: AccessDesk
    /// When the certificate that it is known by runs out; seconds since 1970.
    private let expires: Int64?
    /// What was allowed last: on a connection the same is asked again and again.
    private let last = Mutex<Permit?>(nil)

    init(_ caller: Caller, _ credential: CredentialMark, address: String?, certificateExpires: Int64?, desk: AccessDesk)
    {
        self.caller = caller
        self.credential = credential
        self.address = address
        self.desk = desk
        expires = caller.isKnownByCertificate ? certificateExpires : nil
    }

    /// The same one, by other rules.
    func with(_ caller: Caller) -> Visitor {
        Visitor(caller, credential, address: address, certificateExpires: expires, desk: desk)
    }

    var name: String { caller.identity ?? "anonymous" }

    /// - Parameter now: Seconds since 1970.
    func hasExpired(at now: Int64) -> Bool { expires.map { $0 < now } ?? false }

    /// What was allowed last, if it is that, by these rules.
    func permit(_ action: AccessAction, _ name: FQDN?, of generation: AccessRules.Generation) -> Permit? {
        last.withLock { last in
            guard let last, last.action == action, last.caller.generation == generation,
                last.name?.spelling == name?.spelling
            else { return nil }
            return last
        }
    }

    func keep(_ permit: Permit) { last.withLock { $0 = permit } }

    static func == (one: Visitor, other: Visitor) -> Bool { one === other }
}
