import Access
import NIOCore
import Wire

/// The body of `/clients` in fragments, one for each page of the broker's list, each with all its clients: a change of one client
/// writes one fragment anew, and all answers share the others, however many of them are under way.
struct ClientList: Sendable {
    private static let open = ByteBuffer(string: "[")
    private static let close = ByteBuffer(string: "]\n")

    /// Each begins with a comma, unless it is empty.
    private var fragments: [ByteBuffer] = []
    private var pages: [[FQDN]] = []

    /// Takes a page's new contents.
    mutating func take(_ page: ListingPage) {
        while fragments.count <= page.number {
            fragments.append(ByteBuffer())
            pages.append([])
        }
        fragments[page.number] = Self.encode(page.names)
        pages[page.number] = page.names
    }

    /// The same with those alone that somebody may see; written for them.
    func only(_ names: ScrapableNames) -> ClientList {
        var list = ClientList()
        list.fragments = pages.map { page in Self.encode(page.filter { names.contains($0) }) }
        return list
    }

    /// As `file_sd_configs` and `http_sd_configs` read it.
    var body: [ByteBuffer] {
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
    private static func encode(_ names: [FQDN]) -> ByteBuffer {
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
