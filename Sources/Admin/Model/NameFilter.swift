/// A text typed to filter names: part of a name, or a pattern for the whole of it.
struct NameFilter: Equatable, Sendable {
    var text = ""

    var isPattern: Bool { text.contains { "*?[".contains($0) } }
    /// For `ClientQuery.text` and `FailureQuery.text`.
    var part: String { isPattern ? "" : text }
    /// For `ClientQuery.glob` and `FailureQuery.glob`.
    var pattern: String? { isPattern ? text : nil }
}
