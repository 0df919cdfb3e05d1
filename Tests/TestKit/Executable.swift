import Foundation

/// Where the programs are that whole-binary tests run.
public enum Executable {
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// A program of this package: the build puts it beside the test bundle.
    public static func built(_ name: String) throws -> String {
        var places = [URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()]
        places += CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
        places += Bundle.allBundles.map(\.bundleURL)
        for place in places {
            var folder = place
            for _ in 0..<3 {
                folder = folder.deletingLastPathComponent()
                let program = folder.appendingPathComponent(name).path
                if FileManager.default.isExecutableFile(atPath: program) { return program }
            }
        }
        throw Missing(description: "\(name) is not beside the test bundle: has it been built?")
    }

    /// A program of the system, looked up in PATH and where servers are, which PATH has for root alone.
    public static func installed(_ name: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(
            separator: ":")
        for folder in folders + ["/usr/local/sbin", "/usr/sbin"] {
            let program = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: program) { return program }
        }
        throw Missing(description: "\(name) is nowhere in PATH or /usr/sbin; install its package (make test does)")
    }
}
