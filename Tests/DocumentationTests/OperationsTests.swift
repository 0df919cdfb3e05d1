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

    @Test func everyMetricOfTheProxyIsExplained() {
        let metrics = ProxyMetrics()
        metrics.observe({ BrokerGauges() }, backlog: { 0 })
        let explained = page.rowNames
        for name in Self.names(metrics.registry.exposition()) { #expect(explained.contains(name), "\(name)") }
    }

    /// With those that are there only where there is something to reload.
    private static func clientExposition() -> [UInt8] {
        let metrics = ClientMetrics(readiness: Readiness())
        _ = metrics.reload(of: "tls")
        return metrics.registry.exposition()
    }

    @Test func everyMetricOfTheClientIsExplained() {
        let explained = page.rowNames
        for name in Self.names(Self.clientExposition()) {
            #expect(explained.contains(name), "\(name)")
        }
    }

    @Test func noMetricIsExplainedOrAlertedOnThatDoesNotExist() throws {
        let metrics = ProxyMetrics()
        metrics.observe({ BrokerGauges() }, backlog: { 0 })
        let families = Set(
            Self.names(metrics.registry.exposition())
                + Self.names(Self.clientExposition()))
        for text in [page.text, try Page("deploy/prometheus/alerts.yml").text, try Page("README.md").text] {
            for mark in text.matches(of: /\b(pushprox_[a-z_]+|pushproxy_[a-z_]+|process_[a-z]+_[a-z_]+)\b/) {
                let name = String(mark.1)
                let family = name.replacing(/_(bucket|sum|count)$/, with: "")
                #expect(families.contains(name) || families.contains(family), "\(name)")
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
    @Test(arguments: ["Sources/Proxy", "Sources/Client"]) func everyLogLineIsExplained(_ folder: String) throws {
        let files = FileManager.default.enumerator(atPath: Page.root.appending(path: folder).path) ?? .init()
        var count = 0
        for case let file as String in files where file.hasSuffix(".swift") {
            let source = try Page("\(folder)/\(file)").text
            for mark in source.matches(of: /logger\.(info|warning|error)\(\s*"([^"\\]+)"/) {
                count += 1
                #expect(page.rowNames.contains(String(mark.2)), "\(file): \(mark.2)")
            }
        }
        #expect(count > 5)
    }
}
