import Foundation
import Glibc

/// The program as it was built for these tests, run as its users run it.
enum ProgramFile {
    struct Missing: Error {}

    struct Result {
        var status: Int32
        var output: String
        var error: String
    }

    /// The path of `pushprox-admin`: beside the test bundle.
    static func path() throws -> String {
        let arguments = CommandLine.arguments
        var places = [URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()]
        places += arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
        places += Bundle.allBundles.map(\.bundleURL)
        for place in places {
            var folder = place
            for _ in 0..<3 {
                folder = folder.deletingLastPathComponent()
                let program = folder.appendingPathComponent("pushprox-admin").path
                if access(program, X_OK) == 0 { return program }
            }
        }
        throw Missing()
    }

    /// Runs it to its end.
    ///
    /// - Parameter input: What stands on standard input.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> Result {
        let process = try start(arguments, environment: environment, input: input)
        let output = process.output.fileHandleForReading.readDataToEndOfFile()
        let error = process.error.fileHandleForReading.readDataToEndOfFile()
        process.process.waitUntilExit()
        return Result(
            status: process.process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            error: String(decoding: error, as: UTF8.self))
    }

    struct Running {
        let process: Process
        let output: Foundation.Pipe
        let error: Foundation.Pipe
    }

    /// - Parameter input: At most what a pipe holds, 64 KiB.
    static func start(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path())
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["LC_ALL"] = "C.UTF-8"
        variables.merge(environment) { _, new in new }
        process.environment = variables
        let running = Running(process: process, output: Foundation.Pipe(), error: Foundation.Pipe())
        let given = Foundation.Pipe()
        try given.fileHandleForWriting.write(contentsOf: Data(input))
        try given.fileHandleForWriting.close()
        process.standardInput = given
        process.standardOutput = running.output
        process.standardError = running.error
        try process.run()
        return running
    }
}
