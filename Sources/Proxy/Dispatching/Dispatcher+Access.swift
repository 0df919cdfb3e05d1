import Access
import NIOCore
import Web
import Wire

/// What access has been given to, and is taken from again when the rules change.
extension Dispatcher {
    func denied(_ request: DeniedRequest) {
        let now = ClockReading.now()
        for sink in sinks { sink.denied(request, at: now) }
    }

    func refused(_ certificate: RefusedCertificate) {
        let now = ClockReading.now()
        for sink in sinks { sink.refused(certificate, at: now) }
    }

    /// Tells the broker of what somebody may do, by the rules of now: whoever judges everything anew takes the broker's lock after the rules
    /// have changed, so what comes by older ones cannot slip in behind.
    ///
    /// - Parameter kind: What it is, should it be denied after all.
    /// - Returns: `nil` when it is.
    func whileCurrent<Result>(
        _ pass: Pass, _ kind: @autoclosure () -> DeniedRequest.Kind = .other,
        _ event: (inout Broker<LivePorts>) -> Result
    ) -> Result? where Result: Sendable {
        var pass = pass
        while true {
            if let result = broker.withLock({ pass.isCurrent ? event(&$0) : nil }) { return result }
            switch pass.judgedAgain() {
            case .pass(let current): pass = current
            case .denied(let denial):
                denied(DeniedRequest(denial, address: pass.holder?.address, kind: kind()))
                return nil
            }
        }
    }

    /// Takes away what the rules of now do not allow: registered names with their deliveries, and scrapes under way. Called when the rules
    /// have changed, or certificates may have run out; blocks for as long as the judging takes, with the lock held for a batch at a time.
    func judgeAgain() {
        let hasDenied = judgeNames()
        judgeScrapes()
        // Who had taken scrapes stayed registered for them.
        if hasDenied { judgeNames(isSecond: true) }
    }

    /// - Parameter isSecond: What is found again has been reported.
    /// - Returns: Whether anything was taken away.
    @discardableResult
    private func judgeNames(isSecond: Bool = false) -> Bool {
        var hasDenied = false
        var start = 0
        while let batch = broker.withLock({ $0.heldNames(from: start) }) {
            start = batch.next
            for held in batch.names {
                guard let denial = held.holder.denial(.register, held.fqdn) else { continue }
                hasDenied = true
                run(broker.withLock { $0.nameDenied(held, at: .now()) })
                if !isSecond { denied(DeniedRequest(denial, address: held.holder.address)) }
            }
        }
        return hasDenied
    }

    private func judgeScrapes() {
        var start = 0
        while let batch = broker.withLock({ $0.heldScrapes(from: start) }) {
            start = batch.next
            for held in batch.scrapes {
                if let holder = held.scraper, let denial = holder.denial(.scrape, held.fqdn) {
                    end(held, isClients: false, denial, holder)
                } else if let holder = held.client, let denial = holder.denial(.register, held.fqdn) {
                    end(held, isClients: true, denial, holder)
                }
            }
        }
    }

    private func end(_ held: HeldScrape<LivePorts>, isClients: Bool, _ denial: Denial, _ holder: Visitor) {
        let actions = broker.withLock { $0.scrapeDenied(held, isClients: isClients, at: .now()) }
        guard !actions.isEmpty else { return }
        run(actions)
        denied(DeniedRequest(denial, address: holder.address, kind: .scrapeUnderWay))
    }
}

extension DeniedRequest.Kind {
    /// What somebody asks a client for.
    static func asked(_ kind: ScrapeKind, _ id: ScrapeID, target: String) -> DeniedRequest.Kind {
        kind == .connection ? .connection(id, target: target) : .scrape(id, target: target)
    }
}

extension Visitor {
    /// Why the rules of now do not allow what was allowed; `nil` when they do.
    fileprivate func denial(_ action: AccessAction, _ name: FQDN) -> Denial? {
        if case .denied(let denial) = desk.decide(self, action, name) { denial } else { nil }
    }
}
