import Settings
import Wire

/// What somebody shows to be known by.
public enum Credential: Sendable, Equatable {
    /// `Basic` (RFC 7617).
    case password(user: String, Secret)
    /// `Bearer` (RFC 6750).
    case token(Secret)
}

extension Credential: CustomStringConvertible, CustomReflectable {
    /// Without the user either: people type passwords there.
    public var description: String {
        switch self {
        case .password: "a password"
        case .token: "a token"
        }
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a request shows in `Authorization`, or in `Proxy-Authorization`.
public enum ShownCredential: Sendable, Equatable {
    case none
    case some(Credential)
    /// Something that is no credential that we know.
    case malformed(Flaw)

    /// What is wrong with a header; for the log, and said to nobody else.
    public enum Flaw: String, Sendable, Hashable, CaseIterable {
        case several = "more than one credential"
        case tooLong = "a credential of more than 8 KiB"
        case unknownScheme = "a scheme other than Basic and Bearer"
        case badBase64 = "Basic without base64"
        case noColon = "Basic without a colon"
        case controlCharacter = "a control character in a user name or password"
        case badToken = "Bearer without a token"
    }

    /// How long the value of a header may be, in bytes.
    public static let mostBytes = 8_192

    /// - Parameter values: All values of the header, in any encoding.
    public init(_ values: some Collection<some Collection<UInt8>>) {
        guard let value = values.first else {
            self = .none
            return
        }
        if values.count > 1 {
            self = .malformed(.several)
        } else if value.count > Self.mostBytes {
            self = .malformed(.tooLong)
        } else {
            self = Self.parsed(Array(value))
        }
    }

    /// - Parameter values: All values of the header.
    public init(_ values: [String]) { self.init(values.map { Array($0.utf8) }) }

    private static func parsed(_ value: [UInt8]) -> Self {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let trimmed = value.drop(while: isSpace)
        let scheme = trimmed.prefix { !isSpace($0) }
        var rest = trimmed.dropFirst(scheme.count).drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        switch String(decoding: scheme, as: UTF8.self).lowercased() {
        case "basic": return basic(rest)
        case "bearer": return bearer(rest)
        default: return .malformed(.unknownScheme)
        }
    }

    /// RFC 7617: the password is all that follows the first colon. Text that is no UTF-8 is taken for Latin-1, which is what older clients
    /// send.
    private static func basic(_ value: ArraySlice<UInt8>) -> Self {
        guard let bytes = Base64.decoded(value), !bytes.isEmpty else { return .malformed(.badBase64) }
        let text =
            String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        let scalars = text.unicodeScalars
        guard let colon = scalars.firstIndex(of: ":") else { return .malformed(.noColon) }
        if scalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { return .malformed(.controlCharacter) }
        return .some(
            .password(user: String(scalars[..<colon]), Secret(String(scalars[scalars.index(after: colon)...]))))
    }

    /// RFC 6750's `b64token`, which is RFC 9110's `token68`.
    private static func bearer(_ value: ArraySlice<UInt8>) -> Self {
        let body = value.prefix { $0 != UInt8(ascii: "=") }
        guard !body.isEmpty, body.allSatisfy(\.isToken68),
            value[body.endIndex...].allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return .malformed(.badToken) }
        return .some(.token(Secret(String(decoding: value, as: UTF8.self))))
    }
}

extension UInt8 {
    fileprivate var isToken68: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~+/".utf8.contains(self)
        }
    }
}
