import Wire

/// What somebody may do.
public struct Grants: Sendable {
    static let nothing = Grants(scrape: .nothing, register: .nothing, read: false)
    static let everything = Grants(scrape: .everything, register: .everything, read: true)

    let scrape: NamePatterns
    let register: NamePatterns
    let read: Bool

    var isNothing: Bool { scrape.isNothing && register.isNothing && !read }

    /// Whether there is any name for which the action would be allowed.
    func allowSome(_ action: AccessAction) -> Bool {
        switch action {
        case .scrape: !scrape.isNothing
        case .register: !register.isNothing
        case .read: read
        case .health: true
        }
    }

    /// - Parameters:
    ///   - name: Of whom to scrape, or to be; without one, only what needs none is allowed.
    ///   - own: The names in the peer's certificate.
    func allow(_ action: AccessAction, _ name: FQDN?, own: [FQDN]) -> Bool {
        switch action {
        case .scrape: name.map { scrape.matches($0, own: own) } ?? false
        case .register: name.map { register.matches($0, own: own) } ?? false
        case .read: read
        case .health: true
        }
    }
}
