/// A role, and whether the cell belongs to the selected line.
struct Style: Equatable, Sendable, Hashable {
    var role: Role
    var selected = false

    static let plain = Style(role: .plain)

    init(role: Role, selected: Bool = false) {
        self.role = role
        self.selected = selected
    }
}
