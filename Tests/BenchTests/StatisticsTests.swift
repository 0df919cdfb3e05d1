import Testing

@testable import Bench

@Suite("Medians, spreads and ratios")
struct StatisticsTests {
    @Test("A spread has a median, quartiles and ends")
    func spread() {
        let spread = Spread([4, 1, 3, 2, .nan])
        #expect(spread == Spread([1, 2, 3, 4]))
        #expect(spread?.count == 4)
        #expect(spread?.median == 2.5)
        #expect(spread?.lowerQuartile == 1.75)
        #expect(spread?.upperQuartile == 3.25)
        #expect(spread?.least == 1)
        #expect(spread?.most == 4)
        #expect(Spread([]) == nil)
        #expect(Spread([7])?.upperQuartile == 7)
    }

    private func pairs(_ ratios: [(Double, Bool)]) -> [PairedRatio.Pair] {
        ratios.map { .init(numerator: $0.0 * 3, denominator: 3, disturbed: $0.1) }
    }

    @Test("Disturbed pairs are left out while enough others are left")
    func disturbed() {
        let ratio = PairedRatio(pairs([(0.5, false), (0.25, false), (9, true), (0.75, false)]))
        #expect(ratio.spread?.median == 0.5)
        #expect(ratio.disturbed == 1)
        #expect(!ratio.isDoubtful)
    }

    @Test("With too few quiet pairs all count, and the ratio is called doubtful")
    func doubtful() {
        let ratio = PairedRatio(pairs([(0.5, true), (0.25, true), (0.75, false)]))
        #expect(ratio.spread?.count == 3)
        #expect(ratio.isDoubtful)
        #expect(!PairedRatio(pairs([(1, false)])).isDoubtful)
    }

    private func run(_ contestant: String, _ pair: Int, cpu: Double, others: Double = 0) -> Run {
        var run = Run(workload: "load5k", contestant: contestant, pair: pair)
        run[.cpu] = cpu
        run[.memory] = cpu * 10
        var before = MachineUse()
        var after = MachineUse()
        (before.total, after.total, after.busy) = (0, 10, others * 10)
        run.disturbance = Disturbance(from: before, to: after, own: 0)
        return run
    }

    @Test("Figures are divided within a pair, and memory does not mind a busy machine")
    func comparison() {
        let runs = [
            run("a", 1, cpu: 4), run("b", 1, cpu: 1), run("a", 2, cpu: 2), run("b", 2, cpu: 1), run("b", 3, cpu: 1),
            run("a", 4, cpu: 1), run("b", 4, cpu: 1, others: 0.5), run("a", 5, cpu: 3), run("b", 5, cpu: 1),
        ]
        let sides = ("b", "a")
        let cpu = Comparison(
            .cpu, .init(workload: "load5k", contestant: sides.0), over: .init(workload: "load5k", contestant: sides.1),
            in: runs)
        #expect(cpu?.ratio.spread?.count == 3)
        #expect(cpu?.ratio.disturbed == 1)
        #expect(cpu?.ratio.spread?.least == 0.25)
        let memory = Comparison(
            .memory, .init(workload: "load5k", contestant: "b"), over: .init(workload: "load5k", contestant: "a"),
            in: runs)
        #expect(memory?.ratio.spread?.count == 4)
    }

    @Test("The machine's account is read, with steal apart")
    func machine() {
        let use = MachineUse("cpu  100 0 50 800 10 5 5 30 0 0\ncpu0 1\n")
        #expect(abs((use?.total ?? 0) - 10) < 1e-9)
        #expect(abs((use?.busy ?? 0) - 1.6) < 1e-9)
        #expect(abs((use?.stolen ?? 0) - 0.3) < 1e-9)
        #expect(MachineUse("cpu0 1 2") == nil)
    }

    @Test("Numbers are written with the digits that count")
    func numbers() {
        #expect(Fixed.short(0.04151) == "0.0415")
        #expect(Fixed.short(1.234) == "1.23")
        #expect(Fixed.short(45.67) == "45.7")
        #expect(Fixed.short(12_345.6) == "12,346")
        #expect(Fixed.short(.nan) == "–")
        #expect(Fixed.text(-0.001, 2) == "0.00")
        #expect(Fixed.text(-1.5, 1) == "-1.5")
        #expect(Fixed.text(2.05, 3) == "2.050")
    }

    @Test("A token is new once")
    func tokens() {
        var ledger = TokenLedger()
        let new = [0, 1_000, 1_000, 0, 63].map { ledger.insert($0) }
        #expect(new == [true, true, false, false, true])
    }
}
