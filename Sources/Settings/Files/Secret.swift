/// Text that only those who need it get to see: it prints as `…`, whoever prints it, alone or as part of something else.
public struct Secret: Sendable, Equatable {
    /// The text itself: for who compares, hashes or sends it, and for nobody who logs.
    public let exposed: String

    public init(_ text: String) { exposed = text }

    /// Takes as long whatever the two have in common; their lengths are not kept secret.
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.exposed.utf8.count == right.exposed.utf8.count else { return false }
        return zip(left.exposed.utf8, right.exposed.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "…" }
    public var debugDescription: String { "…" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
