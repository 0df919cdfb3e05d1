import ArgumentParser
import Flags

/// What the soaks of proxy and client have in common: how long, from which seed, and where the results go.
struct SoakOptions: ParsableArguments {
    @Option(help: "How long the load lasts, both waves together.") var duration = GoDuration.seconds(180)
    @Option(help: "Seed of all that is random.") var seed: UInt64 = 1
    @Option(help: "How long the program may take to let go of everything after a wave.")
    var drain = GoDuration.seconds(60)
    @Option(help: "Write all figures to this file as JSON.") var json: String?
    @Option(help: "Write the memory curve into this folder.") var svg: String?
    @Option(help: "Where the program's folder goes.") var dir = "."
    @Flag(help: "Keep the program's folder, with what it logged and wrote.") var keep = false

    func validate() throws {
        guard duration.nanoseconds > 0 else { throw ValidationError("--duration must be over 0.") }
    }

    /// Gives `soak` a folder for the program, prints what it returns, writes the files that were asked for, and ends with 1 when
    /// not all checks passed.
    ///
    /// - Parameter program: `proxy` or `client`.
    func run(_ program: String, _ soak: (_ folder: String) async throws -> some Verdict) async throws {
        Directory.make(dir)
        guard let folder = Directory.makeUnique(in: dir, prefix: "pushprox-soak-") else {
            throw ValidationError("Cannot make a folder in \(dir); choose another with --dir.")
        }
        defer { if !keep { Directory.remove(folder, depth: 3) } }
        let report = try await soak(folder)
        print(report.text())
        if keep { print("The \(program)'s folder is \(folder).") }
        if let json, !Directory.write(try JSONFile.text(report), to: json) {
            throw ValidationError("Cannot write \(json).")
        }
        if let svg {
            Directory.make(svg)
            let path = "\(svg)/soak-\(program == "proxy" ? "memory" : "\(program)-memory").svg"
            guard Directory.write(SoakChart.memory(report.samples, of: "the \(program)").svg(), to: path) else {
                throw ValidationError("Cannot write \(path).")
            }
        }
        if !report.passed { throw ExitCode(1) }
    }
}
