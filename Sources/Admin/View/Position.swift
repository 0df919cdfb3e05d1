/// A place on the screen, counted from the top left corner, which is 0, 0.
struct Position: Equatable, Sendable {
    var column: Int
    var row: Int
}
