import Clients
import Settings
import Wire

/// What this client answers for: its names, and what it offers under each.
struct Offer: Sendable {
    /// A name, and what scrapes of it become.
    struct Name: Sendable {
        let fqdn: FQDN
        /// Where to connect in place of the name: a host without a port.
        let address: String?
        /// What the proxy is told.
        let declaration: Declaration
        /// Those that it declares.
        let targets: [Target]
    }

    /// A declared target, with what the proxy is not told of it.
    struct Target: Sendable {
        let declared: DeclaredTarget
        /// Where to connect in place of the name and the port.
        var address: TargetAddress?
        /// The number of its `TargetTLS`; `nil` where it is reached as the proxy is.
        var tls: Int?
        /// The value of `Authorization`, for this target and no other.
        var authorization: Secret?
    }

    /// The client's own first.
    let names: [Name]
    /// Whether nothing but declared targets may be scraped.
    let onlyTargets: Bool

    /// - Parameter names: at least one.
    init(names: [Name], onlyTargets: Bool = false) {
        self.names = names
        self.onlyTargets = onlyTargets
    }

    var declarations: [FQDN: Declaration] {
        Dictionary(names.map { ($0.fqdn, $0.declaration) }) { first, _ in first }
    }
}
