import Clients

/// The clients by what they say by a label.
struct Grouping: Equatable, Sendable {
    /// `nil` until the record has said which most clients use, and where none has labels.
    var label: String?
    /// Others that the same key leads to.
    var names: [String] = []

    /// By which it goes on; `nil` after the last one.
    var next: Grouping? {
        guard let label, let index = names.firstIndex(of: label), names.indices.contains(index + 1) else { return nil }
        return Grouping(label: names[index + 1], names: names)
    }
}

/// The one group whose clients are shown.
enum GroupFilter: Equatable, Sendable {
    case having(Label)
    /// Those that say nothing by this name.
    case without(String)

    var name: String {
        switch self {
        case .having(let label): label.name
        case .without(let name): name
        }
    }

    /// As the line of filters has it.
    var text: String {
        switch self {
        case .having(let label): "\(label.name)=\(label.value)"
        case .without(let name): "without \(name)"
        }
    }
}
