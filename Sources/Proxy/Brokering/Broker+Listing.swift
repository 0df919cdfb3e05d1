import Clients
import DequeModule
import NIOCore
import Wire

/// A client as the list has it.
struct ListedClient: Sendable, Equatable {
    /// As the client spells it.
    let fqdn: FQDN
    let declaration: Declaration
    /// Scrapes reach it now, or would have a moment ago (`BrokerLimits.listingGrace`).
    let isConnected: Bool
    let agent: String?

    static func == (left: ListedClient, right: ListedClient) -> Bool {
        left.fqdn.spelling == right.fqdn.spelling && left.isConnected == right.isConnected && left.agent == right.agent
            && left.declaration == right.declaration
    }
}

/// A piece of the list of clients, as it is now.
struct ListingPage: Sendable {
    /// From 0.
    let number: Int
    let clients: [ListedClient]
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
///
/// Whether a client is connected flickers with every poll that is spent, so a page is not marked for that: who comes back after the list has
/// shown him away marks it, and who has been away for a while is found by those who look for it (`lookForAway`).
extension Broker {
    /// A page that has changed since it was last asked for; `nil` when none has.
    mutating func nextChangedPage(at now: NIODeadline) -> ListingPage? {
        guard let number = changedPages.popFirst() else { return nil }
        var clients: [ListedClient] = []
        for index in slotIndices(ofPage: number) where slots[index].isRegistered {
            let isConnected = isSeenConnected(index, now)
            slots[index].isListedConnected = isConnected
            clients.append(
                ListedClient(
                    fqdn: slots[index].fqdn, declaration: slots[index].declaration, isConnected: isConnected,
                    agent: slots[index].agent))
        }
        return ListingPage(number: number, clients: clients, waiting: changedPages.count)
    }

    /// Marks a page on which a client is listed as connected that is away by now.
    ///
    /// - Returns: Whether there is such a page at all; if not, the one before was the last.
    mutating func lookForAway(onPage number: Int, at now: NIODeadline) -> Bool {
        let range = slotIndices(ofPage: number)
        if range.contains(where: {
            slots[$0].isRegistered && slots[$0].isListedConnected && !isSeenConnected($0, now)
        }) {
            changedPages.insert(number)
        }
        return !range.isEmpty
    }

    mutating func listingChanged(_ index: Int) { changedPages.insert(index / limits.slotsPerPage) }

    private func isSeenConnected(_ index: Int, _ now: NIODeadline) -> Bool {
        slots[index].isConnected || now < slots[index].lastSeen + limits.listingGrace
    }

    private func slotIndices(ofPage number: Int) -> Range<Int> {
        let start = min(number * limits.slotsPerPage, slots.count)
        return start..<min(start + limits.slotsPerPage, slots.count)
    }
}
