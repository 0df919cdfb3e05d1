import Clients
import Store
import Testing

@testable import Admin

@Suite("Labels on the screen")
struct LabelScreenTests {
    private func loaded(_ columns: Int = 80, _ rows: Int = 24) -> Model {
        Example.loaded(columns, rows, clients: Example.labelled)
    }

    private func press(_ model: inout Model, _ text: String) {
        for character in text { model.press(.character(character), clients: Example.labelled) }
    }

    private func names(_ model: Model) -> [String] { model.clients.rows.map(\.fqdn) }

    private func expect(
        _ model: Model, shows golden: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var lines = render(model).lines
        while lines.last == "" { lines.removeLast() }
        let text = lines.joined(separator: "\n")
        if text != golden { Issue.record("the screen is:\n\(text)\n", sourceLocation: sourceLocation) }
    }

    @Test("have a column where there is room, and where there are any")
    func column() {
        #expect(render(loaded(160, 50)).lines.contains { $0.contains("LABELS") })
        #expect(render(loaded(160, 50)).lines.contains { $0.contains("rack=4 site=berlin") })
        // Where it is narrower, counts make room for them.
        #expect(
            render(loaded(140, 50)).lines.contains { $0.contains("rack=4 site=berlin") && !$0.contains("1200") })
        #expect(!render(loaded()).lines.contains { $0.contains("LABELS") })
        #expect(!render(Example.loaded(160, 50)).lines.contains { $0.contains("LABELS") })
    }

    @Test("are filtered by words with =, beside a name, and all must be there")
    func filter() {
        var model = loaded()
        press(&model, "/site=berlin")
        #expect(names(model) == ["build-01.example.com", "cache-01.example.com", "stale-01.example.com"])
        press(&model, " rack=4")
        #expect(names(model) == ["build-01.example.com"])
        model.press(.control("w"), clients: Example.labelled)
        #expect(model.clientName.text == "site=berlin ")
        press(&model, "cache")
        #expect(names(model) == ["cache-01.example.com"])
        model.press(.enter, clients: Example.labelled)
        #expect(render(model).lines[5].contains("only /site=berlin cache"))
        model.press(.escape, clients: Example.labelled)
        #expect(model.clients.matching == 8)
    }

    @Test("A word with = that is no label is a part of a name, as any is in the failures")
    func noLabels() {
        for text in ["9=a", "=x", "__name__=a", "a-b=c"] {
            #expect(NameFilter(text: text).labels.isEmpty && NameFilter(text: text).namePart == text)
        }
        // A space in a value is written as on the wire; what is no such text is taken as it is.
        #expect(NameFilter(text: "site=team%20a rack=50%").labels.map(\.written) == ["site=team a", "rack=50%"])
        let mixed = NameFilter(text: " web-* site=berlin  rack=")
        #expect(mixed.labels.map(\.written) == ["site=berlin", "rack="] && mixed.namePattern == "web-*")
        #expect(NameFilter(text: "site=berlin").part == "site=berlin")
        #expect(NameFilter(text: "a b").namePart == "a b")
    }

    @Test("group the clients: by the label that most use, then by the others, then not at all")
    func grouping() {
        var model = loaded()
        press(&model, "b")
        #expect(model.scene == .groups && model.grouping?.label == "site")
        #expect(model.groups.rows.map(\.value) == ["berlin", "paris", nil])
        press(&model, "b")
        #expect(model.grouping?.label == "rack" && model.groups.rows.map(\.value) == ["4", "11", nil])
        press(&model, "bb")
        #expect(model.scene == .clients && model.clients.matching == 8)
        press(&model, "b")
        model.press(.escape, clients: Example.labelled)
        #expect(model.scene == .clients)
    }

    @Test("A group opens as a list of its clients, and Esc leads back to it")
    func opening() {
        var model = loaded()
        press(&model, "b")
        model.press(.down, .enter, clients: Example.labelled)
        #expect(model.scene == .clients && names(model) == ["db-01.example.com", "gone-01.example.com"])
        #expect(render(model).lines[5].contains("only site=paris"))
        model.press(.enter, clients: Example.labelled)
        #expect(model.scene == .client)
        model.press(.escape, .escape, clients: Example.labelled)
        #expect(model.scene == .groups && model.groups.selected?.value == "paris")
        model.press(.end, .enter, clients: Example.labelled)
        #expect(names(model).count == 3 && render(model).lines[5].contains("only without site"))
        press(&model, "f")
        #expect(model.clientState == .failing && model.clients.matching == 0)
        press(&model, "b")
        #expect(model.scene == .groups && model.groups.matching == 2)
    }

    @Test("Where nobody says anything, grouping says so")
    func nobody() {
        var model = Example.loaded()
        model.press("b")
        #expect(render(model).lines.contains { $0.contains("No client says anything of itself") })
        model.press("b")
        #expect(model.scene == .clients)
    }

    @Test("Groups move and scroll by mouse and keys, and their heads sort nothing")
    func mouse() {
        var model = loaded()
        press(&model, "b")
        let layout = ScreenLayout(model)
        func click(_ row: Int, _ act: MouseEvent.Act = .click) {
            _ = model.update(.mouseMoved(MouseEvent(act: act, position: Position(column: 3, row: row))))
        }
        click(layout.heads)
        #expect(model.sort == .fqdn && model.direction == .ascending)
        click(layout.list.lowerBound + 1)
        #expect(model.groups.selected?.value == "paris")
        click(layout.list.lowerBound + 9)
        #expect(model.groups.cursor == 1)
        click(layout.list.lowerBound, .doubleClick)
        #expect(model.clientGroup?.filter == .having(Example.labelled[0].declaration.labels[1]))
    }

    @Test("A filtered list at 80x24")
    func filtered80() {
        var model = loaded()
        press(&model, "/site=berlin")
        expect(model, shows: GoldenFrames.filtered80x24)
    }

    @Test("A filtered list at 160x50")
    func filtered160() {
        var model = loaded(160, 50)
        press(&model, "/site=berlin")
        model.press(.enter, clients: Example.labelled)
        expect(model, shows: GoldenFrames.filtered160x50)
    }

    @Test("Groups at 80x24")
    func groups80() {
        var model = loaded()
        press(&model, "b")
        expect(model, shows: GoldenFrames.groups80x24)
    }

    @Test("Groups at 160x50")
    func groups160() {
        var model = loaded(160, 50)
        press(&model, "bb")
        expect(model, shows: GoldenFrames.groups160x50)
    }

    @Test("A client with labels and targets at 80x24")
    func client80() {
        var model = loaded()
        model.press(.down, .down, .enter, clients: Example.labelled)
        expect(model, shows: GoldenFrames.declared80x24)
    }

    @Test("A client with labels and targets at 160x50")
    func client160() {
        var model = loaded(160, 50)
        model.press(.down, .down, .enter, clients: Example.labelled)
        expect(model, shows: GoldenFrames.declared160x50)
    }
}
