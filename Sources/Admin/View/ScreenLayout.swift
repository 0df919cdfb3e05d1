/// Which rows of the screen belong to what. Pure arithmetic, shared by drawing, the mouse and the page keys.
struct ScreenLayout: Equatable {
    private(set) var header: Range<Int>
    private(set) var banner: Range<Int>
    private(set) var tabs: Int
    /// Failures by kind.
    private(set) var breakdown: Range<Int>
    private(set) var heads: Int
    private(set) var list: Range<Int>
    /// The selected row's full text.
    private(set) var note: Range<Int>
    private(set) var footer: Int
    /// Everything between tabs and footer: what pages without columns use.
    var body: Range<Int> { tabs + 1..<max(tabs + 1, footer) }

    /// From this height on there is room for drawings.
    static let roomyRows = 18

    init(_ model: Model) {
        let rows = max(0, model.size.rows)
        let roomy = rows >= Self.roomyRows
        header = 0..<(roomy ? 5 : 2)
        banner = header.upperBound..<header.upperBound + Banner(model).lines.count
        tabs = banner.upperBound
        footer = max(tabs + 1, rows - 1)
        var next = tabs + 1
        let kinds = model.view == .failures && model.opened == nil ? model.breakdown.count : 0
        let room = max(0, footer - next - 1)
        let most = roomy ? room / 3 : room / 4
        breakdown = next..<next + min(kinds, most)
        next = breakdown.upperBound
        heads = next
        let noteRows = roomy ? (model.view == .failures ? 2 : 1) : 0
        let end = max(heads + 1, footer - noteRows)
        list = heads + 1..<end
        note = end..<max(end, min(footer, end + noteRows))
    }
}
