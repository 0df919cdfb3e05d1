import Access
import Glibc
import Settings

/// A password as somebody gives it to this program.
enum PasswordEntry {
    /// A sentence for who gave it; it does not repeat the password.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// More than any password, to tell one that is too long from one that never ends.
    private static let mostBytes = 4_096

    /// The one line that a descriptor has, without its end.
    static func read(_ descriptor: Int32) throws(Problem) -> Secret {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: mostBytes)
        while bytes.count < mostBytes {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 {
                throw Problem(description: "Standard input can't be read: \(String(cString: strerror(errno))).")
            }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return try password(bytes)
    }

    /// Asks on the terminal, twice, without echo. Whatever ends this leaves the terminal as it was.
    static func asked() throws(Problem) -> Secret {
        guard let prompt = HiddenPrompt() else {
            throw Problem(description: "The terminal can't be kept from showing what is typed; use standard input.")
        }
        let first = try password(prompt.line("Password: "))
        let second = try password(prompt.line("Again: "))
        if first != second { throw Problem(description: "The two passwords differ; nothing was hashed.") }
        return first
    }

    /// What bcrypt and basic authentication can do something with.
    static func password(_ bytes: [UInt8]) throws(Problem) -> Secret {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(description: "The password is not UTF-8.")
        }
        // By scalars: a carriage return and a line feed are one character.
        var scalars = text.unicodeScalars[...]
        if scalars.last == "\n" { scalars.removeLast() }
        if scalars.last == "\r" { scalars.removeLast() }
        if scalars.isEmpty { throw Problem(description: "The password is empty.") }
        if scalars.contains("\n") { throw Problem(description: "A password is one line; there are several.") }
        if scalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw Problem(description: "The password has a control character in it, which no client could send.")
        }
        let password = String(scalars)
        if password.utf8.count > PasswordHash.mostPasswordBytes {
            throw Problem(
                description:
                    "bcrypt looks at \(PasswordHash.mostPasswordBytes) bytes of a password, and this one has more; choose a shorter one."
            )
        }
        return Secret(password)
    }
}
