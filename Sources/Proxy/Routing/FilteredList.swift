import Access
import NIOCore
import Synchronization

/// What somebody may see of the list, kept for the next time that they ask: only pages that have changed since are looked through again.
final class FilteredList: Sendable {
    private struct State {
        var version: UInt64 = 0
        var pages: [(version: UInt64, fragment: ByteBuffer)] = []
        var body: [ByteBuffer] = []
        var bytes = 0
    }

    private let names: ScrapableNames
    private let state = Mutex(State())

    init(_ names: ScrapableNames) { self.names = names }

    /// Those who ask meanwhile wait for it and share it.
    ///
    /// - Parameter list: As it is now. Where an older one comes late, the answer is of the newer.
    /// - Returns: The body, and what all of it takes in memory.
    func answer(of list: ClientList) -> (body: [ByteBuffer], bytes: Int) {
        state.withLock { state in
            if state.body.isEmpty || state.version < list.version { Self.update(&state, list, names) }
            return (state.body, state.bytes)
        }
    }

    private static func update(_ state: inout State, _ list: ClientList, _ names: ScrapableNames) {
        state.version = list.version
        // Pages only ever become more.
        while state.pages.count < list.pages.count { state.pages.append((0, ByteBuffer())) }
        for (number, page) in list.pages.enumerated() where page.version > state.pages[number].version {
            state.pages[number] = (page.version, ClientList.fragment(page.names.filter { names.contains($0) }))
        }
        state.body = ClientList.body(state.pages.lazy.map(\.fragment))
        let perPage = MemoryLayout<(UInt64, ByteBuffer)>.stride + MemoryLayout<ByteBuffer>.stride
        state.bytes = state.pages.reduce(0) { $0 + $1.fragment.storageCapacity + perPage }
    }
}
