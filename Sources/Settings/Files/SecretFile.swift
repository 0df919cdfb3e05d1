/// A file that holds one secret, a token or a password, as Prometheus's `credentials_file` and `password_file` do: white space around it
/// does not count.
public struct SecretFile: Sendable {
    /// How long a file with a secret may be, in bytes.
    public static let mostBytes = 65_536

    public let secret: Secret
    /// To know when to read it again.
    public let file: WatchedFile
    /// Whether every user of this machine may read it.
    public let isReadableByAll: Bool

    /// - Throws: A sentence that does not repeat what stands in the file: for one that can't be read, is empty or longer than 64 KiB, or
    ///   holds something else than one line of text in UTF-8.
    public init(path: String) throws(SettingsProblem) {
        let content = try FileContent(path: path, most: Self.mostBytes)
        guard let text = String(validating: content.bytes, as: UTF8.self) else {
            throw SettingsProblem(file: path, text: "is not UTF-8; a secret is one line of text")
        }
        let isSpace: (Character) -> Bool = { [" ", "\t", "\r", "\n", "\r\n"].contains($0) }
        let trimmed = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        if trimmed.isEmpty {
            throw SettingsProblem(file: path, text: "is empty; write the secret into it, on one line")
        }
        // Such a secret could not stand in a header, or would mean something else there.
        if String(trimmed).unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw SettingsProblem(file: path, text: "holds more than one line of text; a secret is one line")
        }
        secret = Secret(String(trimmed))
        file = content.file
        isReadableByAll = content.isReadableByAll
    }
}
