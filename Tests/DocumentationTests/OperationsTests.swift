import Failures
import Foundation
import Testing

@testable import Client
@testable import Proxy

@Suite struct OperationsTests {
    private let page: Page

    init() throws { page = try Page("docs/operations.md") }

    /// The names in an exposition's `# TYPE` lines.
    private static func names(_ exposition: [UInt8]) -> [String] {
        String(decoding: exposition, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
            .map { String($0.split(separator: " ")[2]) }
    }

    /// With those that only a proxy with files has.
    private static func proxyMetrics() -> ProxyMetrics {
        let metrics = ProxyMetrics()
        metrics.observe({ BrokerGauges() }, backlog: { 0 })
        metrics.observe(droppedViews: { 0 })
        _ = metrics.reload(of: "web")
        return metrics
    }

    private static func clientMetrics() -> ClientMetrics {
        let metrics = ClientMetrics(readiness: Readiness())
        _ = metrics.reload(of: "web")
        return metrics
    }

    @Test func everyMetricOfTheProxyIsExplained() {
        let metrics = Self.proxyMetrics()
        let explained = page.rowNames
        for name in Self.names(metrics.registry.exposition()) { #expect(explained.contains(name), "\(name)") }
    }

    @Test func everyMetricOfTheClientIsExplained() {
        let explained = page.rowNames
        for name in Self.names(Self.clientMetrics().registry.exposition()) {
            #expect(explained.contains(name), "\(name)")
        }
    }

    @Test func noMetricIsExplainedOrAlertedOnThatDoesNotExist() throws {
        let metrics = Self.proxyMetrics()
        let families = Set(
            Self.names(metrics.registry.exposition())
                + Self.names(Self.clientMetrics().registry.exposition()))
        // No metrics, but labels of the examples, as --discovery.labels=prefixed names them.
        let labels: Set = ["pushprox_site", "pushprox_job"]
        #expect(labels.isDisjoint(with: families))
        for path in ["docs/operations.md", "docs/security.md", "deploy/prometheus/alerts.yml", "README.md"] {
            let text = try Page(path).text
            for mark in text.matches(of: /\b(pushprox_[a-z_]+|pushproxy_[a-z_]+|process_[a-z]+_[a-z_]+)\b/) {
                let name = String(mark.1)
                let family = name.replacing(/_(bucket|sum|count)$/, with: "")
                #expect(families.contains(name) || families.contains(family) || labels.contains(name), "\(name)")
            }
        }
    }

    @Test(arguments: FailureKind.allCases) func everyKindOfFailureIsExplainedAsItIs(_ kind: FailureKind) {
        let status = kind.status.map(String.init) ?? "–"
        #expect(
            page.text.contains("| `\(kind.rawValue)` | \(status) | \(kind.fault.rawValue) | \(kind.summary);"),
            "expected a row | `\(kind.rawValue)` | \(status) | \(kind.fault.rawValue) | \(kind.summary); what to do |")
    }

    /// Lines at info and above are for operators, who look them up.
    @Test(arguments: ["Sources/Proxy", "Sources/Client", "Sources/Web"]) func everyLogLineIsExplained(_ folder: String)
        throws
    {
        let files = FileManager.default.enumerator(atPath: Page.root.appending(path: folder).path) ?? .init()
        var count = 0
        for case let file as String in files where file.hasSuffix(".swift") {
            let source = try Page("\(folder)/\(file)").text
            for mark in source.matches(of: /logger\.(info|warning|error)\(\s*"([^"\\]+)"/) {
                count += 1
                #expect(page.rowNames.contains(String(mark.2)), "\(file): \(mark.2)")
            }
        }
        #expect(count > 3)
    }
}
