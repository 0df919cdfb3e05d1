import Telemetry
import Testing

@Suite struct LineBudgetTests {
    @Test("So many lines of a kind in a window, then none; their number is reported when it has ended")
    func bounded() {
        var budget = LineBudget<String>(lines: 3, window: 60)
        for _ in 0..<3 { #expect(budget.admits("a", at: 100) == true) }
        for time in 101..<106 as Range<UInt64> { #expect(budget.admits("a", at: time) == false) }
        #expect(budget.admits("b", at: 106) == true)
        #expect(budget.windowsEnded(at: 159).isEmpty)
        let ended = budget.windowsEnded(at: 160)
        #expect(ended.map(\.kind) == ["a"] && ended.map(\.suppressed) == [5])
        #expect(budget.windowsEnded(at: 1000).isEmpty)
        #expect(budget.admits("a", at: 1001) == true)
    }

    @Test("What a window left out is said even if the next one has begun")
    func nextWindow() {
        var budget = LineBudget<String>(lines: 3, window: 60)
        for _ in 0..<5 { _ = budget.admits("a", at: 100) }
        #expect(budget.admits("a", at: 170) == true)
        #expect(budget.windowsEnded(at: 229).isEmpty)
        #expect(budget.windowsEnded(at: 230).map(\.suppressed) == [2])
    }

    @Test("A clock that is read out of turn ends no window")
    func outOfTurn() {
        var budget = LineBudget<String>(lines: 3, window: 60)
        for _ in 0..<3 { _ = budget.admits("a", at: 100) }
        #expect(budget.admits("a", at: 90) == false)
        #expect(budget.windowsEnded(at: 0).isEmpty)
        #expect(budget.windowsEnded(at: .max).map(\.suppressed) == [1])
    }
}
