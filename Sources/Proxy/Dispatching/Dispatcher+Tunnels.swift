import Access
import Clients
import Failures
import NIOCore
import Wire

/// A name that a delivery does not serve.
struct RefusedName: Sendable {
    enum Why: String, Sendable, CaseIterable {
        /// The access rules do not allow it.
        case denied = "access_denied"
        /// `--registration.max-clients` is reached.
        case tooManyClients = "too_many_clients"
    }

    let fqdn: FQDN
    let why: Why
}

/// What tunnels say, and what those connections say that only tunnels take.
extension Dispatcher {
    /// A tunnel whose client has said who it is.
    ///
    /// - Parameters:
    ///   - passes: For being a client of a name, one for each.
    ///   - declarations: What it says of its names; nothing of those that are left out.
    ///   - capacity: How many streams it may have at once.
    /// - Returns: Its id; `nil` when it serves no name, which the port has been told with the reason (`end`). And the names that it does not
    ///   serve, of those that it has a pass for.
    func deliveryArrived(
        _ port: any DeliveryPort, by passes: [Pass], declaring declarations: [FQDN: Declaration] = [:], capacity: Int,
        instance: InstanceID? = nil, agent: String? = nil, address: String? = nil
    ) -> (id: DeliveryID?, refused: [RefusedName]) {
        let told = whileCurrent(passes) { (broker, passes) -> (DeliveryID?, [FQDN], [BrokerAction<LivePorts>])? in
            let names = passes.compactMap(\.permit.name)
            guard let first = names.first else { return nil }
            let arrived = broker.deliveryArrived(
                DeliveryArrival(
                    fqdn: first, others: Array(names.dropFirst()), declarations: declarations, port: port,
                    holder: passes.first?.holder, capacity: .atOnce(capacity), instance: instance, agent: agent,
                    address: address), at: .now())
            return (broker.isServing(arrived.id) ? arrived.id : nil, arrived.refused, arrived.actions)
        }
        guard let (id, refused, actions) = told.result else {
            port.end(.denied)
            return (nil, told.denied)
        }
        run(actions)
        return (id, told.denied + refused.map { RefusedName(fqdn: $0, why: .tooManyClients) })
    }

    /// A tunnel's client has said anew who it is: that replaces all of what it said before.
    ///
    /// - Parameters: As of `deliveryArrived`.
    /// - Returns: The names that it does not serve. When it serves none, and whenever it was out of service before, the port has been, or will
    ///   be, told of its end.
    func namesChanged(
        _ delivery: DeliveryID, by passes: [Pass], declaring declarations: [FQDN: Declaration] = [:], capacity: Int,
        instance: InstanceID? = nil, agent: String? = nil, address: String? = nil
    ) -> [RefusedName] {
        let told = whileCurrent(passes) { (broker, passes) -> ([FQDN], [BrokerAction<LivePorts>])? in
            let change = DeliveryChange(
                names: passes.compactMap(\.permit.name), declarations: declarations, holder: passes.first?.holder,
                capacity: capacity,
                instance: instance, agent: agent, address: address)
            return broker.namesChanged(delivery, change, at: .now())
        }
        guard let (refused, actions) = told.result else { return told.denied }
        run(actions)
        return told.denied + refused.map { RefusedName(fqdn: $0, why: .tooManyClients) }
    }

    /// Whether a scrape that was handed to a delivery is to be taken to its client still (`DeliveryPort.deliver`).
    func isWithDelivery(_ scrape: ScrapeID, _ delivery: DeliveryID) -> Bool {
        broker.withLock { $0.isWithDelivery(scrape, delivery) }
    }

    /// A tunnel's ping came back after so long.
    func roundTripMeasured(_ delivery: DeliveryID, _ time: TimeAmount) {
        run(broker.withLock { $0.roundTripMeasured(delivery, time) })
    }

    /// The client has connected to a CONNECT's target.
    ///
    /// - Parameter opener: Whose tunnel it is; `nil` where nobody is told apart.
    /// - Returns: The scraper's end, which is to be told (`ConnectPort.opened`); `nil` when nobody waits for it.
    func connectionOpened(
        _ id: ScrapeID, source: any ConnectSource, of opener: Visitor?
    ) -> (any ConnectPort)? {
        let (reception, actions) = broker.withLock {
            $0.connectionOpened(id, source: source, of: opener, at: .now())
        }
        run(actions)
        guard case .open(let scraper) = reception else { return nil }
        return scraper as? any ConnectPort
    }

    /// Both ends of a connection are done, and what they sent has been passed on. The scraper's end says so.
    func connectionEnded(_ id: ScrapeID) { run(broker.withLock { $0.connectionEnded(id, at: .now()) }) }

    /// The scraper's end has ended a connection that nothing passed through: the client's is aborted.
    func connectionIdle(_ id: ScrapeID) { run(broker.withLock { $0.connectionIdle(id, at: .now()) }) }

    /// The client could not connect, or its end of an open connection broke off: the scraper's fails. The client's end says so.
    func connectionBroke(_ id: ScrapeID, _ kind: FailureKind, detail: String, of opener: Visitor?) {
        run(broker.withLock { $0.connectionBroke(id, kind, detail: detail, of: opener, at: .now()) })
    }

    /// Tells the broker of what somebody may do under several names, by the rules of now; each name that they don't allow is denied.
    ///
    /// - Parameter event: Is told of the passes that are good; none when no name is allowed.
    private func whileCurrent<Result>(
        _ passes: [Pass], _ event: (inout Broker<LivePorts>, [Pass]) -> Result?
    ) -> (result: Result?, denied: [RefusedName]) where Result: Sendable {
        var passes = passes.filter { $0.permit.action == .register && $0.permit.name != nil }
        var refused: [RefusedName] = []
        while true {
            let told: Result?? = broker.withLock { broker in
                passes.allSatisfy(\.isCurrent) ? .some(event(&broker, passes)) : .none
            }
            if case .some(let result) = told { return (result, refused) }
            passes = passes.compactMap { pass in
                switch pass.judgedAgain() {
                case .pass(let current): return current
                case .denied(let denial):
                    denied(DeniedRequest(denial, address: pass.holder?.address))
                    if let name = pass.permit.name { refused.append(RefusedName(fqdn: name, why: .denied)) }
                    return nil
                }
            }
        }
    }
}
