import Foundation
import TestKit

/// The program as it was built for these tests, run as its users run it.
enum ProgramFile {
    struct Result {
        var status: Int32
        var output: String
        var error: String
    }

    static func path() throws -> String { try Executable.built("pushprox-admin") }

    /// Runs it to its end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
        let process = try start(arguments, environment: environment)
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

    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path())
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["LC_ALL"] = "C.UTF-8"
        variables.merge(environment) { _, new in new }
        process.environment = variables
        let running = Running(process: process, output: Foundation.Pipe(), error: Foundation.Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = running.output
        process.standardError = running.error
        try process.run()
        return running
    }
}
