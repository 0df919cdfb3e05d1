import DequeModule
import Wire

/// A piece of the list of clients, as it is now.
struct ListingPage: Sendable {
    /// From 0.
    let number: Int
    /// As the clients spell them.
    let names: [FQDN]
    /// How many further pages had changed when this one was taken.
    let waiting: Int
}

/// The pages of the list that have changed since they were last asked for. The one that changed first comes first, so that whoever
/// takes those that wait, and no more, has all that was so when he came.
struct ChangedPages: Sendable {
    private var waiting = Deque<Int>()
    private var isWaiting: [Bool] = []

    var count: Int { waiting.count }

    mutating func insert(_ page: Int) {
        while isWaiting.count <= page { isWaiting.append(false) }
        guard !isWaiting[page] else { return }
        isWaiting[page] = true
        waiting.append(page)
    }

    mutating func popFirst() -> Int? {
        guard let page = waiting.popFirst() else { return nil }
        isWaiting[page] = false
        return page
    }
}

/// `/clients`: whoever is registered. A page is a run of slots, so what is asked for under the broker's lock does not grow with
/// the fleet, and a change of one client is a change of one page.
extension Broker {
    /// A page that has changed since it was last asked for; `nil` when none has.
    mutating func nextChangedPage() -> ListingPage? {
        guard let number = changedPages.popFirst() else { return nil }
        let start = number * limits.slotsPerPage
        let page = slots[start..<min(start + limits.slotsPerPage, slots.count)]
        return ListingPage(
            number: number, names: page.compactMap { $0.isRegistered ? $0.fqdn : nil },
            waiting: changedPages.count)
    }

    mutating func listingChanged(_ index: Int) { changedPages.insert(index / limits.slotsPerPage) }
}
