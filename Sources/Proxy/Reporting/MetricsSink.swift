/// Counts what happens.
struct MetricsSink: FactSink {
    let metrics: ProxyMetrics

    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading) {
        for action in decided {
            switch action {
            case .deliver(let delivered): metrics.pollWait.observe(nanoseconds: delivered.waited.nanoseconds)
            case .note(let fact): count(fact)
            case .endDelivery, .fail, .abandon: break
            }
        }
    }

    func scrapeRefused() {
        metrics.scrapes.increment()
        metrics.failures[.badTarget]?.increment()
    }

    func denied(_ request: DeniedRequest, at now: ClockReading) {
        metrics.accessDenied[request.denial.action]?.increment()
        guard case .scrape = request.kind else { return }
        metrics.scrapes.increment()
        metrics.failures[.accessDenied]?.increment()
    }

    func responseUnknown() { metrics.unknownPushes.increment() }

    private func count(_ fact: BrokerFact<LivePorts>) {
        switch fact {
        case .ended(let end):
            metrics.scrapes.increment()
            if let atClient = end.atClient { metrics.clientTime.observe(nanoseconds: atClient.nanoseconds) }
            if let kind = end.failure { metrics.failures[kind]?.increment() }
        case .clash: metrics.clashes.increment()
        case .queueFull(let bound): metrics.queueFull[bound]?.increment()
        case .deliverySuperseded: metrics.pollsSuperseded.increment()
        case .deliveryIdle: metrics.pollsIdle.increment()
        case .deliveryDropped: metrics.pollsDropped.increment()
        case .redelivered: metrics.redelivered.increment()
        case .registrationRefused: metrics.registrationsRefused.increment()
        case .registered, .gone, .client: break
        }
    }
}
