import NIOCore
import Wire

/// The list of clients as the broker has it, in its pages. What is written for somebody is made of it page by page (`ListView`), so that a
/// change of one client writes one fragment anew.
struct ClientList: Sendable {
    /// A page as it is now.
    struct Page: Sendable {
        fileprivate(set) var clients: [ListedClient] = []
        /// Grows with each change, over all pages.
        fileprivate(set) var version: UInt64 = 0
    }

    private(set) var pages: [Page] = []
    /// Of the page that has changed last.
    private(set) var version: UInt64 = 0

    /// Takes a page's new contents.
    mutating func take(_ page: ListingPage) {
        while pages.count <= page.number { pages.append(Page()) }
        guard pages[page.number].clients != page.clients else { return }
        version += 1
        pages[page.number] = Page(clients: page.clients, version: version)
    }
}
