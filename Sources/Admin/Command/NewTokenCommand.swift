import Access
import ArgumentParser
import Glibc
import Settings

/// A bearer token for the proxy's access file.
struct NewTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-token",
        abstract: "Make a bearer token, and its hash for the proxy's access file.",
        discussion: """
            Prints the token, which is shown this once and kept nowhere, and the token_hash line for its identity in the \
            proxy's access file. The token is 256 random bits from the system.

            EXAMPLES
              pushprox-admin new-token
              pushprox-admin new-token --token-file /etc/pushprox/token
            """)

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "Write the token to this new file, which only its owner may read, instead of printing it.",
            valueName: "file"),
        completion: .file())
    var tokenFile: String?

    func run() throws {
        let token = NewToken.make()
        if let tokenFile {
            try write(token, to: tokenFile)
        } else {
            try Output.print("token: \(token.exposed)\n")
        }
        try Output.print("token_hash: \(TokenHash(of: token))\n")
    }

    private func write(_ token: Secret, to path: String) throws {
        func failure(_ error: Int32) -> ExitCode {
            let reason = error == EEXIST ? "it exists already" : String(cString: strerror(error))
            return CommandFailure.exit(
                "Cannot write --token-file \(path): \(reason). Give a new file in a folder of yours.")
        }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(errno) }
        let problem = Output.write(token.exposed + "\n", to: file)
        // What a full disk has left undone may only be said here.
        let isClosed = close(file) == 0
        guard problem == 0, isClosed else {
            let error = problem == 0 ? errno : problem
            unlink(path)
            throw failure(error)
        }
    }
}
