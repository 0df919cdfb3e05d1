import Store
import Testing

@testable import Admin

@Suite("What keys, the mouse and time do to the model")
struct UpdateTests {
    private func reads(_ effects: [Effect]) -> Int {
        effects.filter { if case .read = $0 { true } else { false } }.count
    }

    @Test("Every binding does something in every scene it is meant for")
    func everyBinding() {
        for binding in Binding.all {
            for scene in binding.scenes {
                for key in binding.keys {
                    #expect(Binding.action(of: key, in: scene) == binding.action, "\(key) in \(scene)")
                    // Whatever a key does, it never traps, and leaves a model that can be drawn.
                    var model = Self.model(in: scene)
                    #expect(model.scene == scene)
                    model.press(key)
                    _ = render(model)
                }
            }
        }
    }

    @Test("Every action is bound, and everything bound is explained")
    func everyActionIsBound() {
        for action in Action.allCases {
            let bindings = Binding.all.filter { $0.action == action }
            #expect(!bindings.isEmpty, "\(action)")
            #expect(bindings.contains { !$0.help.isEmpty } || action == .previousView, "\(action)")
        }
    }

    @Test("A failure of no name is shown with a dash, and has no page")
    func nameless() {
        var model = Example.loaded(120, 30)
        _ = model.update(.keyPressed(.tab))
        guard let request = model.requested else { return #expect(Bool(false), "nothing is read") }
        var page = FailurePage()
        page.rows = [
            FailureRow(
                id: 1, time: Example.now, fqdn: "", kind: RecordedKind(.accessDenied),
                text: "TLS handshake, no certificate, from 192.0.2.1", scrapeID: "", target: "", duration: 0)
        ]
        page.matching = 1
        _ = model.update(
            .recordRead(
                ReadResult(
                    number: request.number,
                    outcome: .read(Example.overview(Example.proxy()), .failures(page, offset: 0)))))
        let lines = render(model).lines
        #expect(lines.contains { $0.contains(" -  ") && $0.contains("access_denied") && $0.contains("TLS handshake") })
        model.press(.enter)
        #expect(model.scene == .failures)
    }

    static func model(in scene: Scene) -> Model {
        var model = Example.loaded()
        switch scene {
        case .clients: break
        case .groups: model.press(.character("b"), clients: Example.labelled)
        case .client: model.press(.down, .down, .enter)
        case .failures: model.press(.tab)
        case .help: model.press("?")
        case .sortMenu: model.press("s")
        }
        return model
    }

    @Test("Arrows and letters move alike", arguments: [(Key.down, Key.up), (.character("j"), .character("k"))])
    func moving(_ down: Key, up: Key) {
        var model = Example.loaded()
        model.press(down, down, down)
        #expect(model.clients.selected?.fqdn == Example.clients[3].fqdn)
        model.press(up)
        #expect(model.clients.selected?.fqdn == Example.clients[2].fqdn)
        model.press(.end)
        #expect(model.clients.cursor == 7)
        model.press(.character("g"))
        #expect(model.clients.cursor == 0)
        model.press(.character("G"), .home)
        #expect(model.clients.cursor == 0)
        model.press(.pageDown)
        #expect(model.clients.cursor == 7)
        model.press(.pageUp)
        #expect(model.clients.cursor == 0)
    }

    @Test("The selection follows its client when the order changes")
    func selectionFollows() {
        var model = Example.loaded(80, 18)
        model.press("jj")
        #expect(model.clients.selected?.id == 3)
        model.press("r")
        #expect(model.clients.selected?.id == 3)
        #expect(model.clients.cursor == 5)
        // A client before it goes away; the next refresh says so.
        _ = model.update(.ticked(Example.moment(after: 2000)))
        Example.answer(&model, clients: Example.clients.filter { $0.id != 8 })
        #expect(model.clients.selected?.id == 3)
        #expect(model.clients.cursor == 4)
        // It goes away itself: the line stays.
        _ = model.update(.ticked(Example.moment(after: 4000)))
        Example.answer(&model, clients: Example.clients.filter { $0.id != 8 && $0.id != 3 })
        #expect(model.clients.cursor == 4)
    }

    @Test("Before anything is chosen the top stays selected, whoever comes there")
    func topIsWatched() {
        var model = Example.loaded()
        model.press("r")
        #expect(model.clients.cursor == 0)
        #expect(model.clients.selected?.id == 8)
        model.press("j")
        #expect(model.clients.followed == 7)
        model.press(.escape)
        #expect(model.clients.followed == nil)
        #expect(model.clients.cursor == 0)
    }

    @Test("/ filters as one types; Enter keeps the filter, Esc brings back the former one")
    func filtering() {
        var model = Example.loaded()
        model.press("/db")
        #expect(model.clients.matching == 1)
        model.press(.backspace, .backspace)
        #expect(model.clients.matching == 8)
        model.press("01")
        model.press(.enter)
        #expect(model.prompt == nil)
        #expect(model.clientName.text == "01")
        model.press("/q?")
        #expect(model.clientName == NameFilter(text: "01q?"))
        #expect(model.clientName.pattern == "01q?")
        model.press(.escape)
        #expect(model.clientName.text == "01")
        model.press(.escape)
        #expect(model.clientName.text == "")
        model.press("/web-1.example")
        model.press(.control("w"))
        #expect(model.clientName.text == "web-1.")
        model.press(.control("u"))
        #expect(model.clientName.text == "")
    }

    @Test("f goes through the states, t through the times, and Esc clears both")
    func cycling() {
        var model = Example.loaded()
        model.press("f")
        #expect(model.clientState == .failing)
        #expect(model.clients.matching == 2)
        model.press("ffff")
        #expect(model.clientState == .onPolls)
        #expect(model.clients.matching == 2)
        model.press("f")
        #expect(model.clientState == .onTunnels)
        #expect(model.clients.matching == 4)
        for _ in 0..<4 { model.press("f") }
        #expect(model.clientState == .all)
        model.press(.tab)
        model.press("f")
        #expect(model.failureKind == RecordedKind(.targetUnreachable))
        model.press("ff")
        #expect(model.failureKind == RecordedKind(.pushBroken))
        model.press("f")
        #expect(model.failureKind == nil)
        model.press("ft")
        #expect(model.failureTime == .minute)
        guard case .failures(let query)? = model.requested?.subject else {
            Issue.record("no request for failures")
            return
        }
        #expect(query.since == Example.now - 60_000)
        model.press(.escape)
        #expect(model.failureKind == nil && model.failureTime == .all)
    }

    @Test("s opens the menu of columns, < and > go to the neighbours, r reverses")
    func sorting() {
        var model = Example.loaded()
        model.press(">")
        #expect(model.sort == .state)
        model.press("<<")
        #expect(model.sort == .lastFailure)
        #expect(model.direction == .descending)
        model.press("r")
        #expect(model.direction == .ascending)
        model.press("s")
        model.press(.home, .down, .down, .enter)
        #expect(model.sort == .transport && model.direction == .ascending)
        model.press("s")
        model.press(.down, .enter)
        #expect(model.sort == .roundTrip && model.direction == .descending)
        model.press("s")
        model.press(.down, .escape)
        #expect(model.sort == .roundTrip)
        #expect(model.sortMenu == nil)
    }

    @Test("Enter opens the client of a line and Esc goes back; Tab changes the view")
    func opening() {
        var model = Example.loaded()
        model.press("jj")
        model.press(.enter)
        #expect(model.opened?.fqdn == "db-01.example.com")
        #expect(model.opened?.detail == Example.detail)
        #expect(model.opened?.failures.matching == 22)
        model.press(.end)
        #expect(model.opened.map { $0.top > 0 } == true)
        model.press(.escape)
        #expect(model.opened == nil)
        #expect(model.clients.selected?.id == 3)
        model.press(.tab)
        #expect(model.view == .failures)
        model.press(.down, .enter)
        #expect(model.opened?.fqdn == "stale-01.example.com")
        #expect(model.opened?.detail == nil)
        model.press(.backTab)
        #expect(model.view == .clients && model.opened == nil)
    }

    @Test("Time brings a refresh when the interval has passed and the last answer is in")
    func refreshing() {
        var model = Example.loaded()
        #expect(reads(model.update(.ticked(Example.moment(after: 1_900)))) == 0)
        #expect(reads(model.update(.ticked(Example.moment(after: 2_000)))) == 1)
        // No answer yet: no queue of requests builds up.
        #expect(reads(model.update(.ticked(Example.moment(after: 9_000)))) == 0)
        Example.answer(&model)
        #expect(reads(model.update(.ticked(Example.moment(after: 9_001)))) == 0)
        #expect(reads(model.update(.ticked(Example.moment(after: 11_001)))) == 1)
    }

    @Test("Space pauses, + and - change the interval")
    func pausing() {
        var model = Example.loaded()
        model.press(" ")
        #expect(model.isPaused)
        #expect(reads(model.update(.ticked(Example.moment(after: 60_000)))) == 0)
        #expect(reads(model.update(.keyPressed(.character(" ")))) == 1)
        Example.answer(&model)
        model.press("+++++++")
        #expect(model.interval.milliseconds == 250)
        model.press("-")
        #expect(model.interval.milliseconds == 500)
        for _ in 0..<20 { model.press("-") }
        #expect(model.interval.milliseconds == 60_000)
    }

    @Test("Lines that are not in memory are asked for at once, and an answer to an older question is dropped")
    func windows() {
        let many = (0..<1000).map { ClientRow(id: Int64($0), fqdn: "c\($0)", state: .connected, firstSeen: 0) }
        var model = Example.model()
        _ = model.update(.ticked(Example.moment()))
        Example.answer(&model, clients: many)
        #expect(model.clients.rows.count < 100)
        let older = model.requested
        #expect(reads(model.update(.keyPressed(.end))) == 1)
        // Drawn while it waits: a key press is answered without the database.
        #expect(render(model).lines.contains { $0.contains("1,000/1,000") })
        _ = model.update(
            .recordRead(
                ReadResult(number: older?.number ?? 0, outcome: .unavailable(.absent(path: "an answer too late")))))
        #expect(model.problem == nil)
        Example.answer(&model, clients: many)
        #expect(model.clients.selected?.id == 999)
    }

    @Test("The mouse: wheel, rows, heads, tabs and the footer")
    func mouse() {
        var model = Example.loaded()
        let layout = ScreenLayout(model)
        func click(_ column: Int, _ row: Int, _ act: MouseEvent.Act = .click) {
            for effect in model.update(.mouseMoved(MouseEvent(act: act, position: Position(column: column, row: row))))
            {
                if case .read = effect { Example.answer(&model) }
            }
        }
        click(3, layout.list.lowerBound + 2)
        #expect(model.clients.selected?.id == 3)
        click(3, layout.list.upperBound - 1)
        #expect(model.clients.selected?.id == 3, "a click below the last client selects nothing")
        click(1, layout.heads)
        #expect(model.direction == .descending)
        click(30, layout.heads)
        #expect(model.sort == .state)
        click(3, layout.list.lowerBound + 1, .doubleClick)
        #expect(model.opened != nil)
        click(12, layout.tabs)
        #expect(model.view == .failures && model.opened == nil)
        click(2, ScreenLayout(model).breakdown.lowerBound + 1)
        #expect(model.failureKind == RecordedKind(.noPoll))
        click(0, layout.footer)
        #expect(
            model.update(.mouseMoved(MouseEvent(act: .click, position: Position(column: 0, row: layout.footer)))) == [
                .quit
            ])
        click(0, 5, .wheelDown)
        click(500, 500)
        click(0, 0, .wheelUp)
    }

    @Test("q quits, Ctrl-L paints anew, stopping and continuing are passed on")
    func shell() {
        var model = Example.loaded()
        #expect(model.update(.keyPressed(.character("q"))) == [.quit])
        #expect(model.update(.endRequested) == [.quit])
        #expect(model.update(.stopRequested) == [.suspend])
        #expect(model.update(.continued).first == .repaint)
        Example.answer(&model)
        #expect(model.update(.keyPressed(.control("l"))).first == .repaint)
    }

    @Test("On a screen too small only leaving works, and nothing is read")
    func tooSmall() {
        var model = Example.loaded()
        _ = model.update(.resized(Size(columns: 20, rows: 5)))
        #expect(reads(model.update(.ticked(Example.moment(after: 60_000)))) == 0)
        #expect(model.update(.keyPressed(.character("?"))) == [])
        #expect(model.update(.keyPressed(.character("q"))) == [.quit])
    }
}
