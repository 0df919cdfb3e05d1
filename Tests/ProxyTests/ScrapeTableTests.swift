import TestKit
import Testing
import Wire

@testable import Proxy

@Suite struct ScrapeTableTests {
    private static func ids(_ table: ScrapeTable<Int>, atLeast least: Int) -> [[ScrapeID]] {
        var batches: [[ScrapeID]] = []
        var start = 0
        while let batch = table.batch(from: start, atLeast: least) {
            batches.append(batch.scrapes.map(\.key))
            start = batch.next
        }
        return batches
    }

    @Test("It keeps what a dictionary would")
    func likeDictionary() {
        var table = ScrapeTable<Int>()
        var dictionary: [ScrapeID: Int] = [:]
        var random = Seeded(1)
        let ids = (0..<300).map { _ in ScrapeID(high: random.next(), low: random.next()) }
        for step in 0..<5_000 {
            let id = ids.randomElement(using: &random)!
            switch Int.random(in: 0..<4, using: &random) {
            case 0: #expect(table.removeValue(forKey: id) == dictionary.removeValue(forKey: id))
            case 1: (table[id], dictionary[id]) = (nil, nil)
            case 2: (table[id], dictionary[id]) = (step, step)
            default:
                table[id]? += 1
                dictionary[id]? += 1
            }
            #expect(
                table[id] == dictionary[id] && table.count == dictionary.count && table.isEmpty == dictionary.isEmpty)
        }
        #expect(Set(Self.ids(table, atLeast: 10).joined()) == Set(dictionary.keys))
        #expect(table.some(5).count == 5 && table.some(1_000).count == table.count)
    }

    @Test("Batches are of about the size asked for, and none that stays is missed while others come and go")
    func batches() {
        var table = ScrapeTable<Int>()
        var random = Seeded(2)
        func id() -> ScrapeID { ScrapeID(high: random.next(), low: random.next()) }
        let staying = (0..<20_000).map { _ in id() }
        for id in staying { table[id] = 1 }
        var going = (0..<20_000).map { _ in id() }
        for id in going { table[id] = 1 }
        var seen: Set<ScrapeID> = []
        var start = 0
        while let batch = table.batch(from: start, atLeast: 512) {
            #expect(batch.scrapes.count < 512 + 400)
            seen.formUnion(batch.scrapes.map(\.key))
            start = batch.next
            for _ in 0..<500 {
                if let id = going.popLast() { table[id] = nil }
                table[id()] = 2
            }
        }
        #expect(seen.isSuperset(of: staying))
        #expect(Self.ids(ScrapeTable(), atLeast: 512).joined().isEmpty)
    }
}
