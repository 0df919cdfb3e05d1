import Addresses

/// A request target in absolute form, taken apart (RFC 9112 section 3.2.2), without its user information and fragment.
public struct AbsoluteTarget: Sendable {
    /// In lower case.
    public let scheme: String
    public let authority: Authority
    /// Begins with `/`, or is empty.
    public let path: String
    /// Path and query as they came; `/` where there is no path.
    public let pathAndQuery: String

    /// `nil` for a target that has no scheme, no authority, or a malformed one.
    public init?(_ text: String) {
        guard let parts = URLParts(text) else { return nil }
        scheme = parts.scheme == "http" ? "http" : parts.scheme.lowercased()
        authority = parts.authority
        path = String(parts.path)
        pathAndQuery =
            if path.isEmpty { "/" + parts.pathAndQuery } else if parts.hasQuery { String(parts.pathAndQuery) } else {
                path
            }
    }
}
