import Failures

/// A failure kind as the record has it: usually a `FailureKind`, but a later proxy may write kinds that this program
/// does not know, and they are shown by name rather than lost.
public struct RecordedKind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ kind: FailureKind) { self.rawValue = kind.rawValue }

    /// `nil` when this program does not know the kind.
    public var known: FailureKind? { FailureKind(rawValue: rawValue) }
    public var description: String { rawValue }
}

/// How often a kind of failure occurred.
public struct KindCount: Sendable, Equatable {
    public var kind: RecordedKind
    public var count: Int

    public init(kind: RecordedKind, count: Int) {
        self.kind = kind
        self.count = count
    }
}
