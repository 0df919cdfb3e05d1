import Wire

/// What this client offers now, and what that makes of scrapes. Confined to the client's event loop.
final class OfferDesk {
    private(set) var offer: Offer
    private(set) var policy: TargetPolicy
    private let methods: ScrapeMethods
    private let allowed: [AllowedTarget]

    init(_ offer: Offer, methods: ScrapeMethods, allowed: [AllowedTarget]) {
        self.offer = offer
        self.methods = methods
        self.allowed = allowed
        policy = TargetPolicy(offer, methods: methods, allowed: allowed)
    }

    /// Scrapes that come from now on are judged by it.
    ///
    /// - Returns: whether the proxy has to hear of it.
    func adopt(_ offer: Offer) -> Bool {
        let before = self.offer
        self.offer = offer
        policy = TargetPolicy(offer, methods: methods, allowed: allowed)
        return !before.names.elementsEqual(offer.names) {
            $0.fqdn.spelling == $1.fqdn.spelling && $0.declaration == $1.declaration
        }
    }
}
