/// What the mouse did, and where.
struct MouseEvent: Equatable, Sendable {
    enum Act: Equatable, Sendable {
        case click, doubleClick, wheelUp, wheelDown
    }

    var act: Act
    var position: Position
}
