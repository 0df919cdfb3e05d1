import Glibc

/// The process's environment.
enum Environment {
    /// `nil` when the variable is not set, or empty: no program should tell the two apart.
    static func value(of name: String) -> String? {
        guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }
}
