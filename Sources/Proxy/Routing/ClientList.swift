import NIOCore

/// The body of `/clients` in fragments, one for each page of the broker's list, each with all its clients: a change of one client
/// writes one fragment anew, and all answers share the others, however many of them are under way.
struct ClientList: Sendable {
    private static let open = ByteBuffer(string: "[")
    private static let close = ByteBuffer(string: "]\n")

    /// Each begins with a comma, unless it is empty.
    private var fragments: [ByteBuffer] = []

    /// Takes a page's new contents.
    mutating func take(_ page: ListingPage) {
        while fragments.count <= page.number { fragments.append(ByteBuffer()) }
        fragments[page.number] = Self.encode(page.names)
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
    private static func encode(_ names: [String]) -> ByteBuffer {
        guard !names.isEmpty else { return ByteBuffer() }
        var fragment = ByteBuffer()
        fragment.reserveCapacity(names.reduce(0) { $0 + $1.utf8.count + 31 })
        for name in names {
            fragment.writeStaticString(",{\"targets\":[\"")
            if name.utf8.contains(UInt8(ascii: ":")) {
                fragment.writeString("[\(name)]")
            } else {
                fragment.writeString(name)
            }
            fragment.writeStaticString("\"],\"labels\":{}}")
        }
        return fragment
    }
}
