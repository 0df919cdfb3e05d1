import Logging
import NIOCore
import Synchronization
import Telemetry
import Wire

/// The log lines that peers can cause, at most so many of a kind in a minute: a fleet that comes back, or somebody who makes
/// up names, fills no disk.
final class FleetLog: Sendable {
    enum Line: String, CaseIterable {
        case registered, back, gone, clash

        var level: Logger.Level { self == .clash ? .warning : .info }
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

    func write(_ line: Line, _ fqdn: FQDN, at now: NIODeadline) {
        guard budget.withLock({ $0.admits(line, at: now.uptimeNanoseconds) }) else {
            suppressed[line]?.increment()
            return
        }
        let metadata: Logger.Metadata = ["fqdn": "\(fqdn)"]
        switch line {
        case .registered: logger.info("client registered", metadata: metadata)
        case .back: logger.info("client is back", metadata: metadata)
        case .gone: logger.info("client is gone", metadata: metadata)
        case .clash:
            logger.warning("two live clients claim one FQDN; give each its own --fqdn", metadata: metadata)
        }
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
