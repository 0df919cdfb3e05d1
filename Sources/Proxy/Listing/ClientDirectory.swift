import Access
import Clients
import NIOCore
import NIOPosix
import Synchronization
import Web

/// Answers `/clients`, always with the list as it was when the question came, or newer.
///
/// The list is written anew where it has changed since the last reader, page by page, the broker's lock being taken for each page
/// alone. That is done on a thread of its own, one reader at a time: those who ask meanwhile share what comes out. Where nothing has changed,
/// the event loop answers at once with what there is.
final class ClientDirectory: Sendable {
    /// What the list is made of.
    struct Source: Sendable {
        /// Whether a page has changed that nobody has taken.
        let hasChanged: @Sendable () -> Bool
        /// Takes a page that has changed; `nil` when none has. Nobody else may take them.
        let nextChangedPage: @Sendable () -> ListingPage?
        /// Marks pages as changed on which somebody is listed as connected who is not any more.
        let lookForAway: @Sendable () -> Void
    }

    private struct State {
        var list = ClientList()
        var views: ListViews
        var awayLookedFor: NIODeadline?
    }

    /// How old the word about who is connected may be: looking costs a look at every client.
    private static let awayInterval = TimeAmount.seconds(1)

    private let source: Source
    private let state: Mutex<State>
    /// Tells the tags of this process from those of one before.
    private let birth = UInt64.random(in: 0...UInt64.max)
    private let dropped = Atomic(0)
    private let thread = NIOThreadPool(numberOfThreads: 1)

    init(_ source: Source, views: ListViews = ListViews()) {
        self.source = source
        state = Mutex(State(views: views))
        thread.start()
    }

    /// What makes room for others since the process began (`ListViews.dropped`).
    var droppedViews: Int { dropped.load(ordering: .relaxed) }

    /// - Parameter names: Those that whoever asks may see.
    func answer(_ request: RouteRequest, for names: ScrapableNames) -> RouteAnswer {
        let asked: ListingRequest
        do throws(ListingQuery.Problem) { asked = try ListingRequest(request.head) } catch {
            return .now(.text(400, error.explanation))
        }
        let now = NIODeadline.now()
        if let response = readyResponse(to: asked, for: names, at: now) { return .now(response) }
        return .later(
            thread.runIfActive(eventLoop: request.loop) { self.response(to: asked, for: names, at: now) })
    }

    /// Gives the thread back. Who asks from now on is told that the program ends.
    func stop() async { try? await thread.shutdownGracefully() }

    /// Where all is as it was when somebody asked the same before.
    private func readyResponse(
        to request: ListingRequest, for names: ScrapableNames, at now: NIODeadline
    ) -> Response? {
        guard !source.hasChanged() else { return nil }
        let found = state.withLockIfAvailable { state -> (view: ListView, version: UInt64)? in
            guard let looked = state.awayLookedFor, now < looked + Self.awayInterval else { return nil }
            return (state.views.view(of: Self.seen(names), request.query), state.list.version)
        }
        guard let (view, version) = found ?? nil,
            let answer = view.answer(ofVersion: version, packed: request.acceptsGzip)
        else { return nil }
        return response(answer, of: view, to: request)
    }

    /// Writes what has changed. Blocks for as long as that takes: tens of milliseconds for a large fleet of which all has changed.
    func response(
        to request: ListingRequest = ListingRequest(), for names: ScrapableNames? = nil, at now: NIODeadline = .now()
    ) -> Response {
        let names = names.flatMap(Self.seen)
        let (list, view) = state.withLock { state in
            let isDue = state.awayLookedFor.map { now >= $0 + Self.awayInterval } ?? true
            if isDue {
                source.lookForAway()
                state.awayLookedFor = now
            }
            update(&state.list)
            return (state.list, state.views.view(of: names, request.query))
        }
        guard let answer = view.answer(of: list, packed: request.acceptsGzip) else {
            return .text(503, "there is not enough memory for the list", fields: [("Retry-After", "5")])
        }
        state.withLock { state in
            state.views.grew(ListViews.Key(names: names?.id, query: request.query), to: answer.bytes)
            dropped.store(state.views.dropped, ordering: .relaxed)
        }
        return response(answer, of: view, to: request)
    }

    private func response(_ answer: ListView.Answer, of view: ListView, to request: ListingRequest) -> Response {
        // Weak: the same list compressed is the same list.
        let tag = "W/\"\(String(birth, radix: 36))-\(view.serial)-\(answer.revision)\""
        var fields = [("ETag", tag), ("Vary", "Accept-Encoding")]
        if request.knows(tag) { return Response(status: 304, contentType: nil, body: [], fields: fields) }
        if request.acceptsGzip { fields.append(("Content-Encoding", "gzip")) }
        return Response(status: 200, contentType: "application/json", body: answer.body, fields: fields)
    }

    private func update(_ list: inout ClientList) {
        guard let first = source.nextChangedPage() else { return }
        list.take(first)
        // What changes meanwhile is the next reader's: a fleet that comes and goes must not keep this one here.
        for _ in 0..<first.waiting {
            guard let page = source.nextChangedPage() else { return }
            list.take(page)
        }
    }

    private static func seen(_ names: ScrapableNames) -> ScrapableNames? { names.isEverything ? nil : names }
}
