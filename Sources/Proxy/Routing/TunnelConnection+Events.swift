import Failures
import NIOCore
import Tunnel
import Wire

/// What the client's end says.
extension TunnelConnection {
    func takeEvents() {
        let now = loop.now
        while let event = wire.next(at: now) {
            switch event {
            case .hello(let hello): answer(hello)
            case .data(let stream, let bytes):
                if let scrape = scrapes[stream] {
                    run(scrape.flow.bytesArrived(bytes), of: scrape)
                    touch(scrape)
                } else {
                    connections[stream]?.port?.take(bytes)
                }
            case .ended(let stream):
                if let scrape = scrapes[stream] {
                    run(scrape.flow.ended(), of: scrape)
                    forget(scrape)
                } else if let connection = connections[stream] {
                    connection.port?.takeEnd()
                    forgetIfOver(connection)
                }
            case .reset(let stream, let kind, let text):
                if let scrape = scrapes[stream] {
                    run(scrape.flow.wasReset(kind, text), of: scrape)
                    forget(scrape)
                } else if let connection = connections[stream] {
                    forget(connection)
                    dispatcher.connectionBroke(connection.id, kind, detail: text, of: visitor)
                }
            case .connected(let stream): open(stream)
            case .sent(let stream, let bytes):
                guard let connection = connections[stream] else { continue }
                if bytes > 0 { connection.port?.taken(bytes) }
                forgetIfOver(connection)
            case .roundTrip(let time): if let delivery { dispatcher.roundTripMeasured(delivery, time) }
            case .closed(let how): closed(how)
            }
        }
    }

    private func open(_ stream: TunnelStreamID) {
        guard let connection = connections[stream] else { return }
        guard let port = dispatcher.connectionOpened(connection.id, source: connection, of: visitor) else {
            wire.reset(stream)
            forget(connection)
            return
        }
        connection.port = port
        port.opened(connection)
    }

    /// Whom the client is, and what of it the proxy takes.
    private func answer(_ hello: Hello) {
        var passes: [Pass] = []
        var refused: [Welcome.Refused] = []
        for name in hello.names {
            if case .failure(let problem)? = hello.declarations[name] {
                refused.append(Welcome.Refused(name: name, reason: problem.explanation))
                continue
            }
            switch service.access.decide(visitor, .register, name) {
            case .pass(let pass): passes.append(pass)
            case .denied(let denial):
                dispatcher.denied(DeniedRequest(denial, address: address))
                refused.append(Welcome.Refused(name: name, reason: RefusedName.Why.denied.rawValue))
            }
        }
        let agent = service.agents.shared(hello.agent ?? agent ?? "")
        let capacity = wire.maxStreams
        let declarations = hello.declarations.compactMapValues { try? $0.get() }
        isAnswering = true
        let named: [RefusedName]
        if let delivery {
            named = dispatcher.namesChanged(
                delivery, by: passes, declaring: declarations, capacity: capacity, instance: hello.instance,
                agent: agent.isEmpty ? nil : agent, address: address)
        } else if leaving == nil, !passes.isEmpty {
            let arrived = dispatcher.deliveryArrived(
                self, by: passes, declaring: declarations, capacity: capacity, instance: hello.instance,
                agent: agent.isEmpty ? nil : agent, address: address)
            // It may have come with the first scrape, or be over again.
            if leaving == nil { delivery = arrived.id }
            named = arrived.refused
        } else {
            named = []
        }
        isAnswering = false
        refused += named.map { Welcome.Refused(name: $0.fqdn, reason: $0.why.rawValue) }
        wire.welcome(refused: refused, at: loop.now)
        if passes.isEmpty, leaving == nil {
            service.metrics.tunnelsRefused[.names]?.increment()
            let areUnusable = hello.names.allSatisfy { (try? hello.declaration(of: $0)) == nil }
            leaving = WebSocketClose(
                .denied,
                reason: areUnusable
                    ? "what this client declares of its names can't be taken"
                    : "the access rules allow none of this client's names")
        }
    }

    /// The end of it all.
    private func closed(_ how: TunnelClosing) {
        service.logger.debug(
            "tunnel ended", metadata: ["address": "\(address ?? "")", "reason": "\(how.explanation)"])
        if delivery == nil, leaving == nil, case .failed = how { service.metrics.tunnelsRefused[.hello]?.increment() }
        let (scrapes, connections, waiting) = (scrapes, connections, waiting)
        self.scrapes = [:]
        self.connections = [:]
        self.waiting = []
        streams = [:]
        leaving = leaving ?? WebSocketClose(.normal)
        // The oldest first: that is the order in which they go out again.
        let untouched =
            scrapes.values.filter(\.flow.isUntouched).map(\.stream)
            + connections.values.filter { $0.port == nil }.map(\.stream)
        let returned = untouched.sorted().compactMap { scrapes[$0]?.id ?? connections[$0]?.id } + waiting.map(\.scrape)
        if let last = delivery ?? lastDelivery { dispatcher.deliveryLeft(last, returning: returned) }
        delivery = nil
        for scrape in scrapes.values where !scrape.flow.isUntouched {
            run(scrape.flow.lost(how.explanation), of: scrape)
        }
        for connection in connections.values where connection.port != nil {
            dispatcher.connectionBroke(connection.id, .pushBroken, detail: how.explanation, of: visitor)
        }
    }
}
