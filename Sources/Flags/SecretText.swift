/// Keeps user names and passwords of URLs out of what people and logs see.
public enum SecretText {
    /// A URL, well-formed or not, with `…` for its user information: for all that stands between the scheme, where there is one,
    /// and the last `@`.
    public static func withoutUserInfo(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let scheme = url[..<at].firstRange(of: "://").map { url[..<$0.upperBound] } ?? ""
        return "\(scheme)…\(url[at...])"
    }

    /// A message with the user information taken out of every argument, or value of one (`--flag=value`), that it repeats.
    public static func withoutUserInfo(_ message: String, where arguments: [String]) -> String {
        arguments.reduce(message) { message, argument in
            let value = argument.hasPrefix("-") ? argument.split(separator: "=", maxSplits: 1).last : argument[...]
            guard let value, value.contains("@") else { return message }
            return message.replacing(value, with: withoutUserInfo(String(value)))
        }
    }
}
