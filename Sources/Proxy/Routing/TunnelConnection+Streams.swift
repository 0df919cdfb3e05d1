import Failures
import NIOCore
import Tunnel
import Wire

/// What the broker hands over, and what becomes of it.
extension TunnelConnection: DeliveryPort {
    // MARK: DeliveryPort

    func deliver(_ delivered: Delivered<LivePorts>) {
        if loop.inEventLoop { return open(delivered) }
        loop.execute {
            // It may have been withdrawn before this turn came.
            guard self.dispatcher.isWithDelivery(delivered.scrape, delivered.delivery) else { return }
            self.open(delivered)
        }
    }

    func withdraw(_ scrape: ScrapeID) {
        loop.nowOrLater {
            self.waiting.removeAll { $0.scrape == scrape }
            guard let stream = self.streams[scrape] else { return }
            self.wire.reset(stream)
            if let scrape = self.scrapes[stream] { self.forget(scrape) }
            if let connection = self.connections[stream] { self.forget(connection) }
            self.settle()
        }
    }

    func end(_ why: DeliveryEnd) {
        loop.nowOrLater {
            self.delivery = nil
            self.leave(why)
            if !self.isAnswering { self.settle() }
        }
    }

    private func leave(_ why: DeliveryEnd) {
        guard leaving == nil else { return }
        switch why {
        case .superseded, .idle:
            leaving = WebSocketClose(.normal, reason: "a newer connection of the same client took this one's place")
        case .clash:
            leaving = WebSocketClose(
                .superseded, reason: "another client has the same FQDN; give each its own --fqdn")
        case .shuttingDown:
            wire.drain()
            leaving = WebSocketClose(.goingAway, reason: "the proxy is shutting down")
        case .denied:
            leaving = WebSocketClose(
                .denied, reason: "the access rules do not allow this client its names any more")
        case .tooManyClients:
            service.metrics.tunnelsRefused[.busy]?.increment()
            leaving = WebSocketClose(.denied, reason: "too many clients (--registration.max-clients)")
        }
    }

    func leaveIfDone() {
        guard let leaving, streams.isEmpty, waiting.isEmpty, !wire.isOver else { return }
        wire.close(leaving, at: loop.now)
    }

    // MARK: Streams

    func openWaiting() {
        guard !waiting.isEmpty else { return }
        while wire.hasRoom || wire.isDraining, let delivered = waiting.popFirst() {
            guard dispatcher.isWithDelivery(delivered.scrape, delivered.delivery) else { continue }
            open(delivered)
        }
    }

    private func open(_ delivered: Delivered<LivePorts>) {
        lastDelivery = delivered.delivery
        // Nothing is opened here any more: another one is to take it.
        guard !wire.isOver, !wire.isDraining else { return giveBack(delivered) }
        // The client has not been welcomed yet, or the stream that this one takes the place of has still to end here.
        guard wire.hasRoom else {
            waiting.append(delivered)
            return
        }
        let now = loop.now
        let left = max(0, (delivered.scraper.deadline - now).nanoseconds / 1_000_000)
        let isConnection = delivered.kind == .connection
        let stream = wire.open(
            isConnection ? .connection : .scrape, milliseconds: UInt32(clamping: left), at: now
        ) { delivered.scraper.writeRequest(into: &$0, spelling: delivered.client, by: .tunnel) }
        guard let stream else { return wire.hasRoom ? refuse(delivered) : giveBack(delivered) }
        streams[delivered.scrape] = stream
        if isConnection {
            connections[stream] = TunnelConnect(delivered.scrape, stream, of: self)
        } else {
            scrapes[stream] = TunnelScrape(delivered, stream, of: self)
        }
        settle()
    }

    /// The broker hands nothing over here any more, then.
    private func giveBack(_ delivered: Delivered<LivePorts>) {
        dispatcher.deliveryFailed(delivered.scrape, delivered.delivery)
    }

    /// A request that is larger than a message may be; a poll would have taken it.
    private func refuse(_ delivered: Delivered<LivePorts>) {
        let scrape = TunnelScrape(delivered, TunnelStreamID(0), of: self)
        fail(
            scrape,
            StreamFlow.Failure(
                kind: .targetRefused, detail: "the request, its body included, is larger than a tunnel takes (64 KiB)",
                isUnasked: true))
    }

    func forget(_ scrape: TunnelScrape) {
        guard scrapes.removeValue(forKey: scrape.stream) != nil else { return }
        streams[scrape.id] = nil
    }

    func forget(_ connection: TunnelConnect) {
        guard connections.removeValue(forKey: connection.stream) != nil else { return }
        streams[connection.id] = nil
    }

    /// Both its halves may have ended.
    func forgetIfOver(_ connection: TunnelConnect) {
        if !wire.isUnderWay(connection.stream) { forget(connection) }
    }

    /// Carries out what a response's flow has decided.
    func run(_ first: StreamFlow.Step, of scrape: TunnelScrape) {
        var step = first
        if step.credit > 0 { wire.passedOn(scrape.stream, step.credit, at: loop.now) }
        if step.asks {
            let reception = dispatcher.responseBegan(
                scrape.id, status: scrape.flow.status, source: scrape, of: visitor)
            if case .relay(let scraper) = reception {
                step = scrape.flow.scrapeFound(isHead: scraper.isHead)
            } else {
                step = scrape.flow.scrapeUnknown()
            }
            if step.credit > 0 { wire.passedOn(scrape.stream, step.credit, at: loop.now) }
        }
        if let part = step.part {
            if part.isLast { forget(scrape) }
            scrape.scraper.relay(part, from: scrape)
        }
        if let failure = step.failure {
            forget(scrape)
            fail(scrape, failure)
        }
        if step.resets {
            forget(scrape)
            wire.reset(scrape.stream)
        }
    }

    private func fail(_ scrape: TunnelScrape, _ failure: StreamFlow.Failure) {
        if failure.isUnasked {
            let reception = dispatcher.responseBegan(scrape.id, status: nil, source: scrape, of: visitor)
            guard case .relay = reception else { return }
        }
        dispatcher.responseBroke(scrape.id, failure.kind, detail: failure.detail, sent: failure.sent)
    }
}
