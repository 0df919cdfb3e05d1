import Access
import ArgumentParser
import Glibc
import Settings

/// A bcrypt hash for the proxy's access file, or for `basic_auth_users` of a web configuration file.
struct HashPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash-password",
        abstract: "Hash a password for the proxy's access file or a web configuration file.",
        discussion: """
            Asks for the password twice, without showing it; when standard input is no terminal, reads it from there, one \
            line. Prints its bcrypt hash: what password_hash in the access file, and basic_auth_users in a web \
            configuration file, take.

            EXAMPLES
              pushprox-admin hash-password
              pushprox-admin hash-password < password.txt
            """)

    @Option(
        name: .customLong("cost"),
        help: ArgumentHelp(
            "How much work a check of the password is, from 4 to 16; each step doubles it, and 10 takes some 70 ms.",
            valueName: "number"))
    var cost = PasswordHash.usualCost

    mutating func validate() throws {
        let costs = PasswordHash.costs.lowerBound...PasswordHash.mostSensibleCost
        if !costs.contains(cost) {
            throw ValidationError(
                "--cost is \(cost): give a number from \(costs.lowerBound) to \(costs.upperBound).")
        }
    }

    func run() throws {
        let password: Secret
        do throws(PasswordEntry.Problem) {
            password = try isatty(STDIN_FILENO) == 1 ? PasswordEntry.asked() : PasswordEntry.read(STDIN_FILENO)
        } catch {
            throw CommandFailure.exit(error.description)
        }
        guard let hash = PasswordHash.make(of: password, cost: cost) else {
            throw CommandFailure.exit("The system's libcrypt does not know bcrypt ($2y$), so there is no hash.")
        }
        try Output.print(hash.written + "\n")
    }
}
