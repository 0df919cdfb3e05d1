import Logging
import NIOCore
import Synchronization
import Telemetry
import Web
import Wire

/// The log lines that peers can cause, at most so many of a kind in a minute: a fleet that comes back, or somebody who makes
/// up names, fills no disk.
final class FleetLog: Sendable {
    enum Line: String, CaseIterable {
        case registered, back, gone, clash
        /// Somebody unknown, or known and not granted what they asked for.
        case unknown, denied

        var level: Logger.Level {
            switch self {
            case .registered, .back, .gone: .info
            case .clash, .unknown, .denied: .warning
            }
        }
    }

    static let linesPerWindow = 100
    static let window = TimeAmount.minutes(1)

    private let logger: Logger
    private let suppressed: [Line: Counter]
    private let budget = Mutex(
        LineBudget<Line>(lines: linesPerWindow, window: UInt64(clamping: window.nanoseconds)))

    /// - Parameter suppressed: Count what is left out.
    init(logger: Logger, suppressed: [Line: Counter]) {
        self.logger = logger
        self.suppressed = suppressed
    }

    func registered(_ fqdn: FQDN, isBack: Bool, at now: NIODeadline) {
        guard admits(isBack ? .back : .registered, at: now) else { return }
        if isBack {
            logger.info("client is back", metadata: ["fqdn": "\(fqdn)"])
        } else {
            logger.info("client registered", metadata: ["fqdn": "\(fqdn)"])
        }
    }

    func gone(_ fqdn: FQDN, at now: NIODeadline) {
        guard admits(.gone, at: now) else { return }
        logger.info("client is gone", metadata: ["fqdn": "\(fqdn)"])
    }

    func clash(_ fqdn: FQDN, at now: NIODeadline) {
        guard admits(.clash, at: now) else { return }
        logger.warning("two live clients claim one FQDN; give each its own --fqdn", metadata: ["fqdn": "\(fqdn)"])
    }

    func denied(_ request: DeniedRequest, at now: NIODeadline) {
        let denial = request.denial
        // Whoever knocks without a credential must not drown what somebody known tries.
        guard admits(denial.identity == nil ? .unknown : .denied, at: now) else { return }
        var metadata: Logger.Metadata = [
            "action": "\(denial.action.rawValue)", "identity": "\(denial.identity?.withoutControls ?? "-")",
            "address": "\(request.address ?? "-")", "reason": "\(denial.explanation)",
        ]
        if let name = denial.name { metadata["fqdn"] = "\(name)" }
        logger.warning("access denied", metadata: metadata)
    }

    func refused(_ certificate: RefusedCertificate, at now: NIODeadline) {
        guard admits(.unknown, at: now) else { return }
        var metadata: Logger.Metadata = [
            "action": "handshake", "identity": "-", "address": "\(certificate.address ?? "-")",
            "reason": "\(certificate.explanation)",
        ]
        if let subject = certificate.subject { metadata["certificate"] = "\(subject)" }
        logger.warning("access denied", metadata: metadata)
    }

    private func admits(_ line: Line, at now: NIODeadline) -> Bool {
        let isAdmitted = budget.withLock { $0.admits(line, at: now.uptimeNanoseconds) }
        if !isAdmitted { suppressed[line]?.increment() }
        return isAdmitted
    }

    /// Says what was left out of the minutes that are over; of all, at the end of time.
    func timePassed(to now: NIODeadline) {
        for (line, count) in budget.withLock({ $0.windowsEnded(at: now.uptimeNanoseconds) }) {
            logger.log(
                level: line.level, "log lines of one kind came too fast; the rest of them was left out",
                metadata: ["line": "\(line.rawValue)", "count": "\(count)"])
        }
    }
}
