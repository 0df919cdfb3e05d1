/// Counts what happens.
struct MetricsSink: FactSink {
    let metrics: ProxyMetrics

    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading) {
        for action in decided {
            switch action {
            case .deliver(let delivered) where delivered.kind != .connection:
                metrics.pollWait.observe(nanoseconds: delivered.waited.nanoseconds)
            case .note(let fact): count(fact)
            case .deliver, .endDelivery, .fail, .abandon, .withdraw, .abort, .windUp: break
            }
        }
    }

    func scrapeRefused() {
        metrics.scrapes.increment()
        metrics.failures[.badTarget]?.increment()
    }

    func connectionRefused() { metrics.connectionFailures[.badTarget]?.increment() }

    func denied(_ request: DeniedRequest, at now: ClockReading) {
        metrics.accessDenied[request.denial.action]?.increment()
        switch request.kind {
        case .scrape:
            metrics.scrapes.increment()
            metrics.failures[.accessDenied]?.increment()
        case .connection: metrics.connectionFailures[.accessDenied]?.increment()
        case .other, .scrapeUnderWay: break
        }
    }

    func responseUnknown() { metrics.unknownPushes.increment() }

    private func count(_ fact: BrokerFact<LivePorts>) {
        switch fact {
        case .ended(let end):
            metrics.scrapes.increment()
            if let atClient = end.atClient { metrics.clientTime.observe(nanoseconds: atClient.nanoseconds) }
            if let transport = end.transport { metrics.scrapesTaken[transport]?.increment() }
            if let kind = end.failure { metrics.failures[kind]?.increment() }
        case .clash: metrics.clashes.increment()
        case .queueFull(let bound): metrics.queueFull[bound]?.increment()
        case .deliverySuperseded(.poll): metrics.pollsSuperseded.increment()
        case .deliverySuperseded(.tunnel): metrics.tunnelsSuperseded.increment()
        case .deliveryIdle: metrics.pollsIdle.increment()
        case .deliveryDropped(.poll): metrics.pollsDropped.increment()
        case .deliveryDropped(.tunnel): metrics.tunnelsLost.increment()
        case .redelivered: metrics.redelivered.increment()
        case .registrationRefused: metrics.registrationsRefused.increment()
        case .connectionOpened: metrics.connectionsOpened.increment()
        case .connectionIdle: metrics.connectionsIdle.increment()
        case .connectionEnded(let end): if let kind = end.failure { metrics.connectionFailures[kind]?.increment() }
        case .registered, .gone, .client: break
        }
    }
}
