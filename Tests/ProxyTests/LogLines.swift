import Logging
import Synchronization
import Telemetry

/// The lines that somebody logs.
final class LogLines: Sendable {
    private let all = Mutex<[String]>([])

    var logger: Logger {
        Logger(label: "test") { label in
            PrometheusLogHandler(label: label) { line in
                self.all.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
    }

    func containing(_ text: String) -> [String] { all.withLock { $0.filter { $0.contains(text) } } }
}
