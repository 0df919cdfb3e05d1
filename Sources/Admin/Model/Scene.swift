/// Where a key is meant.
enum Scene: Hashable, Sendable, CaseIterable {
    case clients, client, failures, help, sortMenu
}
