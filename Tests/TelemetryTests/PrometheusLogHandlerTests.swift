import ArgumentParser
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct PrometheusLogHandlerTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ bytes: [UInt8]) { lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// What one call to a logger writes, after the time.
    private func written(
        _ format: LogFormat, level: Logger.Level = .info, log: (inout Logger) -> Void
    ) throws -> String {
        let lines = Lines()
        var logger = Logger(label: "test") { label in
            PrometheusLogHandler(label: label, level: level, format: format, sink: lines.append)
        }
        log(&logger)
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        let afterTime = line.firstIndex(of: format == .json ? "," : " ").map { line.index(after: $0) }
        return String(line[try #require(afterTime)...])
    }

    @Test("A line has Prometheus's shape")
    func shape() throws {
        let line = try written(.logfmt) { $0.info("Listening on all", metadata: ["port": "80", "address": "[::]:80"]) }
        #expect(line == "level=INFO msg=\"Listening on all\" address=[::]:80 port=80\n")
        let json = try written(.json) {
            $0.warning("Slow", metadata: ["seconds": .stringConvertible(3), "to": ["a", "b"]])
        }
        #expect(json == "\"level\":\"WARN\",\"msg\":\"Slow\",\"seconds\":3,\"to\":[\"a\",\"b\"]}\n")
    }

    @Test("A line begins with the time, in UTC with milliseconds")
    func time() throws {
        let lines = Lines()
        let logger = Logger(label: "test") { PrometheusLogHandler(label: $0, level: .info, sink: lines.append) }
        logger.info("m")
        let line = try #require(lines.all.first)
        #expect(line.prefixMatch(of: /time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=/) != nil)
    }

    @Test(
        "Values that could be misread are quoted and escaped",
        arguments: [
            ("", "\"\""), ("plain", "plain"), ("two words", "\"two words\""), ("a=b", "\"a=b\""),
            ("a\"b", "\"a\\\"b\""),
            ("a\nlevel=ERROR", "\"a\\nlevel=ERROR\""), ("\u{1B}[31mred", "\"\\u001b[31mred\""),
            ("\u{7F}", "\"\\u007f\""),
            ("\u{85}", "\"\\u0085\""), ("\u{202E}abc", "\"\\u202eabc\""), ("é東", "é東"), ("a\\b", "\"a\\\\b\""),
            ("\u{E0001}", "\"\\udb40\\udc01\""),
        ])
    func escaping(value: String, expected: String) throws {
        let line = try written(.logfmt) { $0.info("m", metadata: ["k": "\(value)"]) }
        #expect(line == "level=INFO msg=m k=\(expected)\n")
        let json = try written(.json) { $0.info("m", metadata: ["k": "\(value)"]) }
        let quoted = expected.hasPrefix("\"") ? expected : "\"\(expected)\""
        #expect(json == "\"level\":\"INFO\",\"msg\":\"m\",\"k\":\(quoted)}\n")
    }

    @Test("A very long value is cut")
    func longValue() throws {
        let line = try written(.logfmt) { $0.info("m", metadata: ["k": "\(String(repeating: "x", count: 100_000))"]) }
        #expect(line.utf8.count < LogLine.maximumValueLength + 100)
        #expect(line.hasSuffix("x…\"\n"))
    }

    @Test("Keys that the line uses itself are renamed, the logger's own metadata is included")
    func reservedKeys() throws {
        let line = try written(.logfmt) {
            $0[metadataKey: "fqdn"] = "a.example"
            $0.error("m", metadata: ["msg": "x", "time": "y", "nested": ["b": "2", "a": "1"]])
        }
        #expect(line == "level=ERROR msg=m fqdn=a.example logged_msg=x nested.a=1 nested.b=2 logged_time=y\n")
    }

    @Test("Lines below the level are not written")
    func levels() {
        let lines = Lines()
        let logger = Logger(label: "test") { PrometheusLogHandler(label: $0, level: .warning, sink: lines.append) }
        logger.info("no")
        logger.warning("yes")
        #expect(lines.all.count == 1)
    }

    @Test("The flags have Prometheus's names and defaults, and a wrong value is named")
    func flags() throws {
        #expect(try LogOptions.parse([]).level == .info)
        #expect(try LogOptions.parse([]).format == .logfmt)
        let options = try LogOptions.parse(["--log.level=warn", "--log.format", "json"])
        #expect(options.level.threshold == .warning)
        #expect(options.format == .json)
        let error = #expect(throws: (any Error).self) { try LogOptions.parse(["--log.level=loud"]) }
        let message = LogOptions.message(for: try #require(error))
        #expect(message.contains("--log.level"))
        #expect(message.contains("loud"))
    }
}
