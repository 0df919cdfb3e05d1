import TestKit

/// The real node_exporter.
struct LiveExporter: Sendable {
    let program: Program
    let port: Int

    static func start(_ flags: String...) async throws -> LiveExporter {
        let program = try Program(
            Executable.installed("prometheus-node-exporter"), ["--web.listen-address=127.0.0.1:0"] + flags)
        let line = try await program.errors.line(with: "Listening on", "address=")
        return LiveExporter(program: program, port: try LogText.port(in: line))
    }
}
