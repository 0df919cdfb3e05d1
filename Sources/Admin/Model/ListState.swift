/// A list of which only a window is in memory: what is selected, what is visible, what is loaded.
///
/// Positions count from 0 over the whole order. The selection is either on a line (before anything was loaded, at a place not
/// loaded yet, or because the operator watches the top of the list) or follows one row by its id, wherever the order puts it.
struct ListState<Row: Identifiable & Sendable>: Sendable where Row.ID: Sendable {
    private(set) var rows: [Row] = []
    /// The position of the first loaded row.
    private(set) var offset = 0
    /// Rows in the whole order.
    private(set) var matching = 0
    /// The position on the first visible line.
    private(set) var top = 0
    /// The position of the selection.
    private(set) var cursor = 0
    /// The row that the selection follows.
    private(set) var followed: Row.ID?
    /// Whether an answer has come.
    private(set) var isLoaded = false
    /// Lines that are visible.
    var height = 1 {
        didSet { scrollToCursor() }
    }

    /// What to read: the visible lines, and as many before and after, so that the next key needs no waiting.
    var window: (offset: Int, limit: Int) { (max(0, top - height), max(1, height) * 3) }

    var visible: Range<Int> { top..<max(top, min(matching, top + height)) }

    /// Whether every visible row is in memory.
    var coversVisible: Bool {
        visible.isEmpty || (offset <= visible.lowerBound && visible.upperBound <= offset + rows.count)
    }

    var selected: Row? { row(at: cursor) }

    func row(at position: Int) -> Row? {
        let index = position - offset
        return rows.indices.contains(index) ? rows[index] : nil
    }

    mutating func move(by lines: Int) { move(to: cursor + lines) }

    mutating func move(to position: Int) {
        cursor = min(max(0, position), max(0, matching - 1))
        followed = selected?.id
        scrollToCursor()
    }

    /// Scrolls what is visible and takes the selection along only as far as it must.
    mutating func scroll(by lines: Int) {
        top = min(max(0, top + lines), max(0, matching - height))
        let inside = min(max(cursor, top), max(top, top + height - 1))
        if inside != cursor { move(to: inside) }
    }

    /// Back to the first line, which stays selected whatever comes to stand there.
    mutating func watchTop() {
        top = 0
        cursor = 0
        followed = nil
    }

    /// Takes an answer.
    /// - Parameter position: Where the followed row is now; `nil` when it is not in the order any more.
    mutating func load(rows: [Row], offset: Int, matching: Int, followedAt position: Int?) {
        self.rows = rows
        self.offset = offset
        self.matching = matching
        isLoaded = true
        if followed != nil, let position {
            cursor = position
        } else {
            cursor = min(cursor, max(0, matching - 1))
            if followed != nil || cursor > 0 { followed = selected?.id }
        }
        scrollToCursor()
    }

    mutating func forget() { self = ListState(height: height) }

    init(height: Int = 1) { self.height = height }

    private mutating func scrollToCursor() {
        let height = max(1, height)
        if cursor < top { top = cursor }
        if cursor >= top + height { top = cursor - height + 1 }
        top = min(top, max(0, matching - height))
    }
}
