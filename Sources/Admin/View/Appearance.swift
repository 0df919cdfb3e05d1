/// How a style looks: colours by their terminal number (0–255), `nil` for the terminal's own, and attributes.
struct Appearance: Equatable, Sendable, Hashable {
    var foreground: Int?
    var background: Int?
    var bold = false
    var dim = false
    var underlined = false
    var reversed = false
}
