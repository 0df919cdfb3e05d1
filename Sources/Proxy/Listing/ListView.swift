import Access
import Clients
import NIOCore
import Synchronization

/// What one way of asking shows of the list, kept for the next time that it is asked for: only pages that have changed since are looked through
/// again, and only what is different there counts as a change.
final class ListView: Sendable {
    /// What it is now.
    struct Answer: Sendable {
        let body: [ByteBuffer]
        /// Grows when what is shown changes.
        let revision: UInt64
        /// What all of the view takes in memory.
        let bytes: Int
    }

    private struct Page {
        var version: UInt64 = 0
        var fragment = ListFragment()
        /// Somebody on it declares something.
        var declares = false
    }

    private struct State {
        var version: UInt64 = 0
        var revision: UInt64 = 0
        var pages: [Page] = []
        var hasMeta = false
        var text: [ByteBuffer] = []
        var packed: [ByteBuffer] = []
    }

    /// Tells views apart, over all times of a process.
    let serial: UInt64
    private let names: ScrapableNames?
    private let query: ListingQuery
    private let labels: DiscoveryLabels
    private let state = Mutex(State())

    /// - Parameter names: Which of them may be seen; `nil` is all.
    init(serial: UInt64, _ names: ScrapableNames?, _ query: ListingQuery, labels: DiscoveryLabels) {
        self.serial = serial
        self.names = names
        self.query = query
        self.labels = labels
    }

    /// What it was when the list was that old; `nil` when it has to be written first, or is being written.
    func answer(ofVersion version: UInt64, packed: Bool) -> Answer? {
        state.withLockIfAvailable { state in
            guard state.version == version else { return nil }
            let body = packed ? state.packed : state.text
            return body.isEmpty ? nil : Answer(body: body, revision: state.revision, bytes: Self.bytes(state))
        } ?? nil
    }

    /// Those who ask meanwhile wait for it and share it; not for an event loop.
    ///
    /// - Parameter list: As it is now. Where an older one comes late, the answer is of the newer.
    /// - Returns: `nil` when there is no memory to compress it.
    func answer(of list: ClientList, packed: Bool) -> Answer? {
        state.withLock { state in
            if state.text.isEmpty || state.version < list.version { update(&state, list) }
            if packed, state.packed.isEmpty {
                guard let deflater = Deflater() else { return nil }
                for number in state.pages.indices where !state.pages[number].fragment.pack(with: deflater) {
                    return nil
                }
                state.packed = ListFragment.packed(state.pages.lazy.map(\.fragment))
            }
            return Answer(
                body: packed ? state.packed : state.text, revision: state.revision, bytes: Self.bytes(state))
        }
    }

    private func update(_ state: inout State, _ list: ClientList) {
        let isFirst = state.text.isEmpty
        state.version = list.version
        // Pages only ever become more.
        while state.pages.count < list.pages.count { state.pages.append(Page()) }
        var changed: [Int] = []
        for (number, page) in list.pages.enumerated() where page.version > state.pages[number].version {
            state.pages[number].version = page.version
            state.pages[number].declares = page.clients.contains { isSeen($0) && !$0.declaration.isNone }
            changed.append(number)
        }
        let hasMeta = query.meta ?? state.pages.contains(where: \.declares)
        if hasMeta != state.hasMeta {
            state.hasMeta = hasMeta
            changed = Array(list.pages.indices)
        }
        var isDifferent = false
        var writer = EntryWriter(query, labels: labels, hasMeta: hasMeta)
        for number in changed {
            let text = writer.fragment(of: list.pages[number].clients.lazy.filter(isSeen))
            guard text != state.pages[number].fragment.text else { continue }
            state.pages[number].fragment = ListFragment(text: text)
            isDifferent = true
        }
        guard isDifferent || isFirst else { return }
        state.revision += 1
        state.text = ListFragment.text(state.pages.lazy.map(\.fragment))
        state.packed = []
    }

    private func isSeen(_ client: ListedClient) -> Bool { names?.contains(client.fqdn) ?? true }

    private static func bytes(_ state: State) -> Int {
        let perPage = MemoryLayout<Page>.stride + 2 * MemoryLayout<ByteBuffer>.stride
        return state.pages.reduce(0) { $0 + $1.fragment.bytes + perPage }
    }
}
