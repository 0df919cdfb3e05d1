import NIOCore
import Synchronization
import Web

/// Answers `/clients`, always with the list as it is now.
///
/// The list is written anew where it has changed since the last reader, page by page, the broker's lock being taken for each page
/// alone. Those who ask meanwhile wait for that and share it.
final class ClientDirectory: Sendable {
    private struct State {
        var list = ClientList()
        var body: [ByteBuffer] = []
    }

    private let state = Mutex(State())
    private let nextChangedPage: @Sendable () -> ListingPage?

    /// - Parameter nextChangedPage: Takes a page that has changed from the broker; `nil` when none has. Nobody else may take them.
    init(_ nextChangedPage: @escaping @Sendable () -> ListingPage?) { self.nextChangedPage = nextChangedPage }

    var response: Response { Response(status: 200, contentType: "application/json", body: body) }

    /// The one copy that all readers share.
    private var body: [ByteBuffer] {
        state.withLock { state in
            var hasChanged = state.body.isEmpty
            while let page = nextChangedPage() {
                state.list.take(page)
                hasChanged = true
            }
            if hasChanged { state.body = state.list.body }
            return state.body
        }
    }
}
