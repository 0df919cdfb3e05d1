/// Where a key is meant.
enum Scene: Hashable, Sendable, CaseIterable {
    case clients, groups, client, failures, help, sortMenu
}
