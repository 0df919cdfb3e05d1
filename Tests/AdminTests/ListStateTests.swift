import Testing

@testable import Admin

@Suite("A list of which a window is in memory")
struct ListStateTests {
    private struct Row: Identifiable { var id: Int }

    private func list(_ rows: Range<Int>, of count: Int, height: Int = 10) -> ListState<Row> {
        var list = ListState<Row>(height: height)
        list.load(rows: rows.map { Row(id: $0) }, offset: rows.lowerBound, matching: count, followedAt: nil)
        return list
    }

    @Test("Scrolls no more than it must to keep the selection visible")
    func scrolls() {
        var list = list(0..<30, of: 100)
        list.move(to: 9)
        #expect(list.top == 0)
        list.move(by: 1)
        #expect(list.top == 1)
        list.move(by: -10)
        #expect(list.top == 0)
        list.move(to: 1_000_000)
        #expect(list.cursor == 99 && list.top == 90)
        #expect(!list.coversVisible)
        #expect(list.selected == nil)
    }

    @Test("The wheel moves what is visible and takes the selection along only at the edge")
    func wheel() {
        var list = list(0..<100, of: 100)
        list.move(to: 5)
        list.scroll(by: 3)
        #expect(list.top == 3 && list.cursor == 5)
        list.scroll(by: 6)
        #expect(list.top == 9 && list.cursor == 9)
        list.scroll(by: 1000)
        #expect(list.top == 90)
        list.scroll(by: -1000)
        #expect(list.top == 0 && list.cursor == 9)
    }

    @Test("Follows a row to its new place, and stays on the line when the row has gone")
    func follows() {
        var list = list(0..<30, of: 100)
        list.move(to: 4)
        list.load(rows: (40..<70).map { Row(id: $0) }, offset: 40, matching: 100, followedAt: 50)
        #expect(list.cursor == 50 && list.top == 41)
        #expect(list.followed == 4)
        list.load(rows: (40..<70).map { Row(id: $0) }, offset: 40, matching: 100, followedAt: nil)
        #expect(list.cursor == 50 && list.followed == 50)
    }

    @Test("A list that shrinks, or is empty, stays in its bounds")
    func shrinks() {
        var list = list(0..<30, of: 100)
        list.move(to: 80)
        list.load(rows: [Row(id: 1)], offset: 0, matching: 1, followedAt: nil)
        #expect(list.cursor == 0 && list.top == 0)
        list.load(rows: [], offset: 0, matching: 0, followedAt: nil)
        #expect(list.cursor == 0 && list.selected == nil && list.visible.isEmpty)
        list.move(by: 5)
        list.scroll(by: 5)
        #expect(list.cursor == 0)
    }
}
