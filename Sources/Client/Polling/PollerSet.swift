import Wire

/// The pollers of this client, one for each of its names: the protocol of polls has no other way to answer for several. Confined to the client's
/// event loop.
final class PollerSet {
    private let shared: TransportSwitch.Surroundings
    private let backoff: Backoff
    private let onReady: (Bool) -> Void
    private let onOutageEnd: () -> Void
    private let onDenial: () -> Void
    /// In the order of the names, the client's own first.
    private var pollers: [Poller] = []
    /// Their polls are open yet, and others of the same names have taken their place: the proxy answers these, with a scrape perhaps.
    private var leaving: [Poller] = []
    private var ready: Set<ObjectIdentifier> = []
    private var isOn = false
    private var isStopped = false

    /// - Parameters:
    ///   - onReady: whether the proxy answers the polls of any of the names.
    ///   - onDenial: the proxy does not take what this client shows.
    init(
        _ shared: TransportSwitch.Surroundings, backoff: Backoff, onReady: @escaping (Bool) -> Void,
        onOutageEnd: @escaping () -> Void, onDenial: @escaping () -> Void
    ) {
        self.shared = shared
        self.backoff = backoff
        self.onReady = onReady
        self.onOutageEnd = onOutageEnd
        self.onDenial = onDenial
        pollers = shared.offers.offer.names.map { makePoller($0, isReady: false) }
    }

    func start() {
        isOn = true
        for poller in pollers { poller.start() }
    }

    /// Begins no other polls. Those that are open may still bring scrapes.
    func end() {
        isOn = false
        for poller in pollers { poller.end() }
    }

    /// Cuts the open polls; no others follow, for good.
    func stop() {
        isStopped = true
        for poller in pollers + leaving { poller.stop() }
    }

    func roomArose() { for poller in pollers { poller.roomArose() } }
    func accessChanged() { for poller in pollers { poller.accessChanged() } }

    /// Names that are gone are polled for no more. Of those of which something else is said now, a poll that says it takes the place of the open
    /// one at the proxy: what that was answered with meanwhile is not lost.
    func offerChanged() {
        guard !isStopped else { return }
        let before = pollers
        let names = shared.offers.offer.names
        pollers = names.map { name in
            let older = before.first { $0.fqdn == name.fqdn }
            if let older, older.fqdn.spelling == name.fqdn.spelling, older.declaration == name.declaration {
                return older
            }
            let wasReady = older.map { ready.contains(ObjectIdentifier($0)) } ?? false
            let poller = makePoller(name, isReady: wasReady)
            if wasReady { ready.insert(ObjectIdentifier(poller)) }
            return poller
        }
        leaving.removeAll(where: \.isOff)
        for poller in before where !pollers.contains(where: { $0 === poller }) {
            ready.remove(ObjectIdentifier(poller))
            if names.contains(where: { $0.fqdn == poller.fqdn }) {
                poller.end()
                if !poller.isOff { leaving.append(poller) }
            } else {
                poller.stop()
            }
        }
        // Changes that come faster than the proxy answers.
        while leaving.count > 2 * pollers.count { leaving.removeFirst().stop() }
        if isOn { for poller in pollers { poller.start() } }
    }

    private func makePoller(_ name: Offer.Name, isReady: Bool) -> Poller {
        Poller(
            client: shared.client, endpoint: shared.endpoint, dispatcher: shared.dispatcher, name: name,
            loop: PollLoop(backoff: backoff, isReady: isReady), metrics: shared.metrics, logger: shared.logger,
            observer: Poller.Observer(
                onReady: { [weak self] in self?.became($0, ready: $1) },
                isNews: { [weak self] in self?.isNews($0) ?? false }, onOutageEnd: onOutageEnd, onDenial: onDenial))
    }

    private func became(_ poller: Poller, ready isReady: Bool) {
        guard pollers.contains(where: { $0 === poller }) else { return }
        if isReady { ready.insert(ObjectIdentifier(poller)) } else { ready.remove(ObjectIdentifier(poller)) }
        onReady(!ready.isEmpty)
    }

    /// What keeps all polls from the proxy is told of one of them; what concerns a name alone, of each.
    private func isNews(_ poller: Poller) -> Bool {
        guard let first = pollers.first, first !== poller else { return true }
        return ready.contains(ObjectIdentifier(first))
    }
}
