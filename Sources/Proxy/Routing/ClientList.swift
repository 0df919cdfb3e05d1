import NIOCore
import Wire

/// The body of `/clients` in fragments, one for each page of the broker's list, each with all its clients: a change of one client
/// writes one fragment anew, and all answers share the others, however many of them are under way.
struct ClientList: Sendable {
    /// A page as it is now.
    struct Page: Sendable {
        fileprivate(set) var names: [FQDN] = []
        /// Begins with a comma, unless it is empty.
        fileprivate(set) var fragment = ByteBuffer()
        /// Grows with each change, over all pages.
        fileprivate(set) var version: UInt64 = 0
    }

    private static let open = ByteBuffer(string: "[")
    private static let close = ByteBuffer(string: "]\n")

    private(set) var pages: [Page] = []
    /// Of the page that has changed last.
    private(set) var version: UInt64 = 0

    /// Takes a page's new contents.
    mutating func take(_ page: ListingPage) {
        while pages.count <= page.number { pages.append(Page()) }
        version += 1
        pages[page.number] = Page(names: page.names, fragment: Self.fragment(page.names), version: version)
    }

    var body: [ByteBuffer] { Self.body(pages.lazy.map(\.fragment)) }

    /// As `file_sd_configs` and `http_sd_configs` read it.
    static func body(_ fragments: some Collection<ByteBuffer>) -> [ByteBuffer] {
        var pieces = [Self.open]
        pieces.reserveCapacity(fragments.count + 2)
        for fragment in fragments where fragment.readableBytes > 0 {
            var piece = fragment
            if pieces.count == 1 { piece.moveReaderIndex(forwardBy: 1) }
            pieces.append(piece)
        }
        pieces.append(Self.close)
        return pieces
    }

    /// Names are FQDNs or IP literals, so nothing in them needs escaping; IPv6 literals get the brackets that a target has.
    static func fragment(_ names: [FQDN]) -> ByteBuffer {
        guard !names.isEmpty else { return ByteBuffer() }
        var fragment = ByteBuffer()
        fragment.reserveCapacity(names.reduce(0) { $0 + $1.spelling.utf8.count + 31 })
        for name in names {
            fragment.writeStaticString(",{\"targets\":[\"")
            fragment.writeString(name.urlHost)
            fragment.writeStaticString("\"],\"labels\":{}}")
        }
        return fragment
    }
}
