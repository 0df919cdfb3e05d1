import Foundation
import TestKit

/// The real Prometheus, scraping once a second.
struct LivePrometheus: Sendable {
    let program: Program
    let port: Int

    /// - Parameter jobs: the list below `scrape_configs`, two spaces deep.
    static func start(in folder: TemporaryFolder, jobs: String) async throws -> LivePrometheus {
        let configuration = try folder.write(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n\(jobs)", to: "prometheus.yml")
        return try await start(in: folder, configuration: configuration)
    }

    /// - Parameters:
    ///   - folder: For its data.
    ///   - configuration: The path of its configuration file.
    static func start(in folder: TemporaryFolder, configuration: String) async throws -> LivePrometheus {
        let program = try Program(
            Executable.installed("prometheus"),
            [
                "--config.file=\(configuration)", "--web.listen-address=127.0.0.1:0",
                "--storage.tsdb.path=\(folder.file("tsdb"))",
            ])
        let line = try await program.errors.line(with: "Listening on", "address=")
        try await program.errors.line(with: "Server is ready to receive web requests")
        return LivePrometheus(program: program, port: try LogText.port(in: line))
    }

    /// Samples with their times, one list for each series.
    func samples(_ query: String) async throws -> [[String: String]: [(time: Double, value: Double)]] {
        let answer: Answer<Vector> = try await ask("query", ["query": query])
        return Dictionary(
            answer.data.result.map { series in
                (series.metric, series.values.map { ($0.time, $0.value) })
            }, uniquingKeysWith: { $1 })
    }

    /// The label sets of all series that match.
    func series(_ selector: String) async throws -> [[String: String]] {
        let answer: Answer<[[String: String]]> = try await ask("series", ["match[]": selector])
        return answer.data
    }

    /// What its last scrape of each target of a job failed with; empty for what went well.
    func lastErrors(of job: String) async throws -> [String] {
        let answer: Answer<Targets> = try await ask("targets", ["state": "active"])
        return answer.data.activeTargets.filter { $0.labels["job"] == job }.map(\.lastError)
    }

    private func ask<Value: Decodable>(_ endpoint: String, _ parameters: [String: String]) async throws -> Value {
        var components = URLComponents()
        components.path = "/api/v1/\(endpoint)"
        components.queryItems = parameters.map { URLQueryItem(name: $0.key, value: $0.value) }
        let path = (components.string ?? "").replacingOccurrences(of: "+", with: "%2B")
        let response = try await Question.get(port: port, path)
        return try JSONDecoder().decode(Value.self, from: Data(response.body.utf8))
    }

    private struct Answer<Value: Decodable>: Decodable { let data: Value }
    private struct Targets: Decodable { let activeTargets: [Target] }
    private struct Target: Decodable {
        let labels: [String: String]
        let lastError: String
    }
    private struct Vector: Decodable { let result: [Series] }
    private struct Series: Decodable {
        let metric: [String: String]
        let values: [Sample]
    }

    /// `[1700000000.123, "1"]`
    private struct Sample: Decodable {
        let time: Double
        let value: Double

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            time = try list.decode(Double.self)
            value = Double(try list.decode(String.self)) ?? .nan
        }
    }
}
