import NIOCore
import Web

/// Where it is told what happens: metrics, the log, the record. The dispatcher has them from its start, and tells each in turn, on
/// whatever thread the event came from and with no lock held.
protocol FactSink: Sendable {
    /// What one event brought about, in order: facts, and what the ports have been told.
    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading)
    /// A scrape of what no client could be called: it never got to the broker.
    func scrapeRefused()
    /// A CONNECT of what no client could be called.
    func connectionRefused()
    /// A response for a scrape that nobody waits for.
    func responseUnknown()
    /// Somebody was not allowed something.
    func denied(_ request: DeniedRequest, at now: ClockReading)
    /// Somebody's certificate was not accepted, so that nobody knows what they wanted.
    func refused(_ certificate: RefusedCertificate, at now: ClockReading)
    /// - Parameter now: `distantFuture` when nothing happens any more.
    func timePassed(to now: NIODeadline)
}

extension FactSink {
    func scrapeRefused() {}
    func connectionRefused() {}
    func responseUnknown() {}
    func denied(_ request: DeniedRequest, at now: ClockReading) {}
    func refused(_ certificate: RefusedCertificate, at now: ClockReading) {}
    func timePassed(to now: NIODeadline) {}
}
