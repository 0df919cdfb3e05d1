import Access
import NIOCore
import Synchronization
import Web

/// Answers `/clients`, always with the list as it was when the question came, or newer.
///
/// The list is written anew where it has changed since the last reader, page by page, the broker's lock being taken for each page
/// alone. Those who ask meanwhile wait for that and share it.
final class ClientDirectory: Sendable {
    private struct State {
        var list = ClientList()
        var body: [ByteBuffer] = []
        var filtered = FilteredLists()
    }

    private let state = Mutex(State())
    private let nextChangedPage: @Sendable () -> ListingPage?

    /// - Parameter nextChangedPage: Takes a page that has changed from the broker; `nil` when none has. Nobody else may take them.
    init(_ nextChangedPage: @escaping @Sendable () -> ListingPage?) { self.nextChangedPage = nextChangedPage }

    /// All clients.
    var response: Response {
        Self.response(
            state.withLock { state in
                Self.update(&state, nextChangedPage)
                return state.body
            })
    }

    /// Those whom somebody may scrape. Costs a look at each name the first time, then at those of the pages that have changed.
    func response(for names: ScrapableNames) -> Response {
        guard !names.isEverything else { return response }
        let (list, filtered) = state.withLock { state in
            Self.update(&state, nextChangedPage)
            return (state.list, state.filtered.list(for: names))
        }
        let (body, bytes) = filtered.answer(of: list)
        state.withLock { $0.filtered.grew(names.id, to: bytes) }
        return Self.response(body)
    }

    private static func response(_ body: [ByteBuffer]) -> Response {
        Response(status: 200, contentType: "application/json", body: body)
    }

    /// Its body is then the one copy that all readers share.
    private static func update(_ state: inout State, _ nextChangedPage: () -> ListingPage?) {
        let first = nextChangedPage()
        if let first {
            state.list.take(first)
            // What changes meanwhile is the next reader's: a fleet that comes and goes must not keep this one here.
            for _ in 0..<first.waiting {
                guard let page = nextChangedPage() else { break }
                state.list.take(page)
            }
        }
        if first != nil || state.body.isEmpty { state.body = state.list.body }
    }
}
