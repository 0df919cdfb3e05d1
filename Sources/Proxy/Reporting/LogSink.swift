import Logging
import NIOCore
import Web

/// Logs what happens: to the fleet, bounded (`FleetLog`), and, for debugging, the end of every scrape.
struct LogSink: FactSink {
    private let logger: Logger
    private let fleetLog: FleetLog

    init(_ logger: Logger, fleetLog: FleetLog) {
        self.logger = logger
        self.fleetLog = fleetLog
    }

    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading) {
        // Most of it is for others: nothing is taken out of the array that is not logged.
        for index in decided.indices {
            switch decided[index] {
            case .note(.registered(let fqdn, let isBack)):
                fleetLog.registered(fqdn, isBack: isBack, at: now.deadline)
            case .note(.gone(let fqdn)): fleetLog.gone(fqdn, at: now.deadline)
            case .note(.clash(_, let fqdn, isNews: true)): fleetLog.clash(fqdn, at: now.deadline)
            case .note(.ended(let end)): write(end)
            case .note(.connectionEnded(let end)): write(end)
            default: break
            }
        }
    }

    func denied(_ request: DeniedRequest, at now: ClockReading) { fleetLog.denied(request, at: now.deadline) }

    func refused(_ certificate: RefusedCertificate, at now: ClockReading) {
        fleetLog.refused(certificate, at: now.deadline)
    }

    func timePassed(to now: NIODeadline) { fleetLog.timePassed(to: now) }

    private func write(_ end: ScrapeEnd<LivePorts>) {
        guard let kind = end.failure else {
            logger.debug(
                "scrape done",
                metadata: [
                    "scrape_id": "\(end.scrape)", "target": "\(end.scraper.targetWithoutQuery)",
                    "status": "\(end.status ?? 0)", "bytes": "\(end.bytes ?? 0)",
                    "duration_ms": "\(end.duration.nanoseconds / 1_000_000)",
                ])
            return
        }
        logger.debug(
            "scrape failed",
            metadata: [
                "scrape_id": "\(end.scrape)", "target": "\(end.scraper.targetWithoutQuery)",
                "kind": "\(kind.rawValue)", "err": "\(kind.summary)", "detail": "\(end.detail)",
                "duration_ms": "\(end.duration.nanoseconds / 1_000_000)",
            ])
    }

    private func write(_ end: ConnectionEnd<LivePorts>) {
        var metadata: Logger.Metadata = [
            "scrape_id": "\(end.connection)", "target": "\(end.scraper.targetWithoutQuery)",
            "duration_ms": "\(end.duration.nanoseconds / 1_000_000)", "sent_bytes": "\(end.bytes.toScraper)",
            "received_bytes": "\(end.bytes.toTarget)",
        ]
        guard let kind = end.failure else { return logger.debug("connection done", metadata: metadata) }
        metadata["kind"] = "\(kind.rawValue)"
        metadata["err"] = "\(kind.summary)"
        metadata["detail"] = "\(end.detail)"
        logger.debug(end.open == nil ? "connection failed" : "connection broke off", metadata: metadata)
    }
}
