/// A piece of the list of clients, as it is now.
struct ListingPage: Sendable {
    /// From 0.
    let number: Int
    /// As they stand in a target: spelled as the clients do, IPv6 literals in brackets.
    let hosts: [String]
}

/// The pages of the list that have changed since they were last asked for.
struct ChangedPages: Sendable {
    private var waiting: [Int] = []
    private var isWaiting: [Bool] = []

    mutating func insert(_ page: Int) {
        while isWaiting.count <= page { isWaiting.append(false) }
        guard !isWaiting[page] else { return }
        isWaiting[page] = true
        waiting.append(page)
    }

    mutating func popLast() -> Int? {
        guard let page = waiting.popLast() else { return nil }
        isWaiting[page] = false
        return page
    }
}

/// `/clients`: whoever is registered. A page is a run of slots, so what is asked for under the broker's lock does not grow with
/// the fleet, and a change of one client is a change of one page.
extension Broker {
    /// A page that has changed since it was last asked for; `nil` when none has.
    mutating func nextChangedPage() -> ListingPage? {
        guard let number = changedPages.popLast() else { return nil }
        let start = number * limits.slotsPerPage
        let page = slots[start..<min(start + limits.slotsPerPage, slots.count)]
        return ListingPage(number: number, hosts: page.compactMap { $0.isRegistered ? $0.fqdn.urlHost : nil })
    }

    mutating func listingChanged(_ index: Int) { changedPages.insert(index / limits.slotsPerPage) }
}
