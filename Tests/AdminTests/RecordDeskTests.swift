import Glibc
import Store
import TestKit
import Testing

@testable import Admin

@Suite("Answers from a real record")
struct RecordDeskTests {
    private typealias Proxy = ScreenEndToEndTests.Proxy

    private func clients(_ desk: inout RecordDesk, _ query: ClientQuery) throws -> ClientPage {
        let result = desk.answer(ReadRequest(number: 1, subject: .clients(query)))
        guard case .read(_, .clients(let page)) = result.outcome else {
            Issue.record("\(result)")
            return ClientPage()
        }
        return page
    }

    @Test("The window moves to where the selected client is")
    func followsClient() throws {
        let proxy = try Proxy(clients: 100)
        var desk = RecordDesk(path: proxy.path)
        var query = ClientQuery()
        query.limit = 10
        query.offset = 90
        let last = try #require(try clients(&desk, query).rows.last)
        query.offset = 0
        query.selected = last.id
        query.direction = .descending
        #expect(try clients(&desk, query).selectedPosition == 0)
        query.direction = .ascending
        let page = try clients(&desk, query)
        #expect(page.selectedPosition == 99)
        #expect(page.rows.contains(last))
    }

    @Test("Only live clients whose newest scrape failed count as failing")
    func failing() throws {
        let proxy = try Proxy(clients: 100)
        var desk = RecordDesk(path: proxy.path)
        var query = ClientQuery()
        query.failingOnly = true
        let page = try clients(&desk, query)
        #expect(page.matching == page.counts.failing)
        #expect(page.matching > 0)
        #expect(page.rows.allSatisfy { $0.isFailing && $0.state.isLive })
    }

    @Test("The window of failures moves to the selected one, and a later one has a larger position")
    func followsFailure() throws {
        let proxy = try Proxy(clients: 100)
        var desk = RecordDesk(path: proxy.path)
        var query = FailureQuery()
        query.limit = 5
        func failures() throws -> (FailurePage, Int) {
            let result = desk.answer(ReadRequest(number: 1, subject: .failures(query)))
            guard case .read(_, .failures(let page, let offset)) = result.outcome else {
                Issue.record("\(result)")
                return (FailurePage(), 0)
            }
            return (page, offset)
        }
        let newest = try #require(try failures().0.rows.first)
        query.selected = newest.id
        #expect(try failures().0.selectedPosition == 0)
        try proxy.write()
        let (page, offset) = try failures()
        let position = try #require(page.selectedPosition)
        #expect(position >= 11)
        #expect(page.rows[position - offset] == newest)
        query.kinds = [RecordedKind(rawValue: "another")]
        #expect(try failures().0.selectedPosition == nil)
    }

    @Test("An unchanged record is not read again, but whether the proxy lives is looked at")
    func unchanged() throws {
        let proxy = try Proxy()
        var desk = RecordDesk(path: proxy.path)
        let subject = ReadRequest.Subject.clients(ClientQuery())
        _ = desk.answer(ReadRequest(number: 1, subject: subject))
        guard case .unchanged(let alive) = desk.answer(ReadRequest(number: 2, subject: subject, held: 1)).outcome else {
            Issue.record("read again")
            return
        }
        #expect(alive.writerLives == true)
        proxy.kill()
        guard case .unchanged(let dead) = desk.answer(ReadRequest(number: 3, subject: subject, held: 1)).outcome else {
            return
        }
        #expect(dead.writerLives == false)
    }

    @Test("What a dropped answer brought is read again: two quick refreshes miss no change")
    func droppedAnswer() throws {
        let proxy = try Proxy()
        var desk = RecordDesk(path: proxy.path)
        var model = Model(
            path: proxy.path, glyphs: .unicode, size: Size(columns: 80, rows: 24),
            now: Moment(wall: Proxy.now, uptime: 1000), interval: RefreshInterval(milliseconds: 2000))
        _ = model.update(.ticked(model.now))
        let first = try #require(model.requested)
        _ = model.update(.keyPressed(.function(5)))
        let second = try #require(model.requested)
        #expect(second.number == first.number + 1)
        _ = model.update(.recordRead(desk.answer(first)))
        #expect(model.overview == nil)
        _ = model.update(.recordRead(desk.answer(second)))
        #expect(model.overview != nil)
    }

    @Test("The thread answers the newest request, and its bell can be waited for")
    func thread() throws {
        let proxy = try Proxy()
        let reader = try #require(ReaderThread.start(path: proxy.path))
        for number in 1...100 {
            reader.ask(ReadRequest(number: number, subject: .clients(ClientQuery())))
        }
        var newest = 0
        while newest < 100 {
            var polled = pollfd(fd: reader.descriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&polled, 1, Int32(TerminalDriver.bound * 1000)) == 1)
            if let answer = reader.answer() {
                #expect(answer.number > newest)
                newest = answer.number
            }
        }
    }
}
