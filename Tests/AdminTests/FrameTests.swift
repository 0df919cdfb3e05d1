import Store
import Testing

@testable import Admin

/// Whole screens as text. When one changes on purpose: look at what the failure prints, and if it is right, paste it.
@Suite("Screens as text")
struct FrameTests {
    private func expect(
        _ model: Model, shows golden: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let frame = render(model)
        var lines = frame.lines
        #expect(lines.count == model.size.rows, sourceLocation: sourceLocation)
        for row in 0..<model.size.rows {
            #expect(frame[row: row].count == model.size.columns, sourceLocation: sourceLocation)
        }
        while lines.last == "" { lines.removeLast() }
        let text = lines.joined(separator: "\n")
        // Not an expectation, which would print three screens.
        if text != golden { Issue.record("the screen is:\n\(text)\n", sourceLocation: sourceLocation) }
    }

    @Test("The clients at 80x24")
    func clients() { expect(Example.loaded(), shows: GoldenFrames.clients80x24) }

    @Test("Names that are scraped and never polled are told of where there are any, and what that means")
    func unknownNames() throws {
        #expect(!render(Example.loaded()).lines[1].contains("unknown"))
        var row = Example.clients[4]
        (row.state, row.lastFailure, row.name) = (.unknown, nil, "Typo.Example.com")
        var overview = Example.overview()
        overview.counts.unknown = 3
        var page = ClientPage()
        (page.rows, page.matching, page.counts) = ([row], 1, overview.counts)
        var model = Example.model(100, 24)
        _ = model.update(.ticked(Example.moment()))
        func answer(_ answer: ReadResult.Answer) throws {
            let number = try #require(model.requested).number
            _ = model.update(.recordRead(ReadResult(number: number, outcome: .read(overview, answer))))
        }
        try answer(.clients(page))
        let list = render(model).lines
        #expect(list[1].contains("1 gone  3 unknown  2 on polls"))
        #expect(list.contains { $0.hasPrefix("Typo.Example.com") && $0.contains("unknown") })
        _ = model.update(.keyPressed(.enter))
        try answer(.client(ClientDetail(row: row), FailurePage()))
        let opened = render(model).lines.joined(separator: " ")
        #expect(opened.contains("No client has ever polled under this name") && opened.contains("never"))
    }

    @Test("The clients at 40x10")
    func clientsSmall() { expect(Example.loaded(40, 10), shows: GoldenFrames.clients40x10) }

    @Test("The clients at 120x40")
    func clientsLarge() { expect(Example.loaded(120, 40), shows: GoldenFrames.clients120x40) }

    @Test("The clients at 160x50, with every column")
    func clientsWhole() { expect(Example.loaded(160, 50), shows: GoldenFrames.clients160x50) }

    @Test("A client with connections at 160x50")
    func clientWhole() {
        var model = Example.loaded(160, 50)
        model.press(.down, .down, .enter)
        expect(model, shows: GoldenFrames.client160x50)
    }

    @Test("How many are on polls is told where some are, and left out first where there is no room")
    func polls() {
        func line(_ change: (inout StateCounts) -> Void) -> String {
            var model = Example.loaded()
            var overview = Example.overview()
            change(&overview.counts)
            model.overview = overview
            return render(model).lines[1]
        }
        #expect(line { _ in }.contains("1 gone  2 on polls"))
        #expect(!line { $0.onPolls = 0 }.contains("poll"))
        let crowded = line { ($0.unknown, $0.connected) = (345, 4321) }
        #expect(crowded.contains("345 unknown") && !crowded.contains("poll"))
    }

    @Test("A connection that failed is told from a scrape, in the list and below it")
    func connectionFailures() {
        var model = Example.loaded()
        model.press(.tab, .down, .down)
        let lines = render(model).lines
        #expect(lines.contains { $0.hasPrefix("14:01:15 ") && $0.contains("CONNECT: ") })
        #expect(lines.contains { $0.hasPrefix("14:01:15  CONNECT db-01.example.com:9443  connection ") })
    }

    @Test("The clients without Unicode")
    func clientsASCII() {
        let model = Example.loaded(80, 24, glyphs: .ascii)
        expect(model, shows: GoldenFrames.clientsASCII)
        #expect(render(model).lines.allSatisfy { $0.allSatisfy(\.isASCII) })
    }

    @Test("Columns that a narrow screen hides are reached with the arrows")
    func shifted() {
        var model = Example.loaded(60, 14)
        model.press(.right, .right, .right, .right, .right)
        expect(model, shows: GoldenFrames.shifted)
    }

    @Test("A failing client, opened")
    func client() {
        var model = Example.loaded()
        model.press(.down, .down, .enter)
        expect(model, shows: GoldenFrames.client80x24)
    }

    @Test("A failing client at 40x10, scrolled")
    func clientSmall() {
        var model = Example.loaded(40, 10)
        model.press(.down, .down, .enter, .pageDown)
        expect(model, shows: GoldenFrames.client40x10)
    }

    @Test("A name that no client has")
    func unknownClient() {
        var model = Example.loaded(80, 18)
        model.press(.tab, .down, .enter)
        expect(model, shows: GoldenFrames.unknownClient)
    }

    @Test("The failures at 80x24")
    func failures() {
        var model = Example.loaded()
        model.press(.tab, .down)
        expect(model, shows: GoldenFrames.failures80x24)
    }

    @Test("The failures of a kind at 120x40")
    func failuresLarge() {
        var model = Example.loaded(120, 40)
        model.press(.tab)
        model.press("f")
        expect(model, shows: GoldenFrames.failures120x40)
    }

    @Test("A dead proxy")
    func deadProxy() {
        let proxy = Example.proxy(heartbeat: -185_000, writerLives: false)
        expect(Example.loaded(80, 24, proxy: proxy), shows: GoldenFrames.dead80x24)
        expect(Example.loaded(40, 10, proxy: proxy), shows: GoldenFrames.dead40x10)
    }

    @Test("No database")
    func noDatabase() {
        var model = Example.model()
        _ = model.update(.ticked(Example.moment()))
        let problem = RecordProblem.absent(path: "data/pushprox.db")
        _ = model.update(.recordRead(ReadResult(number: 1, outcome: .unavailable(problem))))
        expect(model, shows: GoldenFrames.noDatabase)
    }

    @Test("The help, the sort menu, a filter being typed, a filter that matches nothing")
    func overlays() {
        var model = Example.loaded(80, 18)
        model.press("?")
        expect(model, shows: GoldenFrames.help)
        model.press(.escape)
        model.press("s")
        expect(model, shows: GoldenFrames.sortMenu)
        model.press(.escape)
        model.press("/db")
        expect(model, shows: GoldenFrames.prompt)
        #expect(render(model).cursor != nil)
        model.press("zz")
        model.press(.enter)
        model.press(" ")
        expect(model, shows: GoldenFrames.nothing)
    }

    @Test("Too small")
    func tooSmall() {
        expect(Example.loaded(39, 9), shows: GoldenFrames.tooSmall)
        for columns in 0..<40 { for rows in [0, 1, 5, 9, 24] { _ = render(Example.loaded(columns, rows)) } }
    }

    @Test("Nothing traps or overflows at any size, in any scene")
    func everySize() {
        for scene in Scene.allCases {
            for columns in [40, 41, 59, 60, 77, 100, 200] {
                for rows in [10, 11, 17, 18, 30] {
                    var model = UpdateTests.model(in: scene)
                    _ = model.update(.resized(Size(columns: columns, rows: rows)))
                    Example.answer(&model)
                    #expect(render(model).lines.count == rows)
                }
            }
        }
    }

    @Test("States are told by words, failures by letters, the selection by more than colour")
    func meaning() {
        let model = Example.loaded()
        let frame = render(model)
        for state in ["connected", "in flight", "stale!", "gone"] {
            #expect(frame.lines.contains { $0.contains(state) })
        }
        let row = ScreenLayout(model).list.lowerBound
        let isWhole = frame[row: row].allSatisfy { $0.style.selected }
        #expect(isWhole)
        #expect(Palette(depth: .none).appearance(Style(role: .good, selected: true)).reversed)
    }
}
