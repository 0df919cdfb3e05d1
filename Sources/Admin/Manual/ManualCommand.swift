import ArgumentParser
import Flags
import FoundationEssentials
import Glibc

/// Makes the manual page of any program of this package; part of the build, not of the tool's use, so it is not listed.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual-page",
        abstract: "Make a manual page from a program's --experimental-dump-help on standard input.",
        shouldDisplay: false)

    /// More than any program's help.
    private static let mostBytes = 16 << 20

    func run() throws {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < Self.mostBytes {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            bytes += chunk[..<count]
        }
        guard let help = try? JSONDecoder().decode(ToolHelp.self, from: Data(bytes)) else {
            throw CommandFailure.exit(
                "Standard input is not what --experimental-dump-help writes: pipe a program's output of that flag in.")
        }
        try Output.print(ManualPage(help, version: Version.number).text)
    }
}
