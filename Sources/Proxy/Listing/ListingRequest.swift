import Web
import Wire

/// What a request for `/clients` asks for.
struct ListingRequest: Sendable {
    let query: ListingQuery
    /// `Accept-Encoding` has gzip (RFC 9110, section 12.5.3).
    let acceptsGzip: Bool
    /// `If-None-Match`, as it came.
    private let known: [String]

    init(_ head: RequestHead) throws(ListingQuery.Problem) {
        query = try ListingQuery(RouteTable.query(of: head))
        acceptsGzip = Self.accepts("gzip", Self.items(of: "Accept-Encoding", in: head))
        known = Self.items(of: "If-None-Match", in: head)
    }

    init(_ query: ListingQuery = ListingQuery(), acceptsGzip: Bool = false, known: [String] = []) {
        self.query = query
        self.acceptsGzip = acceptsGzip
        self.known = known
    }

    /// Whether whoever asks has what this tag stands for (RFC 9110, section 13.1.2: a weak comparison).
    func knows(_ tag: String) -> Bool { known.contains { $0 == "*" || Self.opaque($0) == Self.opaque(tag) } }

    private static func opaque(_ tag: String) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...] }

    private static func items(of name: String, in head: RequestHead) -> [String] {
        var items: [String] = []
        head.message.forEachValue(name) { value in
            items += String(decoding: value, as: UTF8.self).split(separator: ",").map { $0.trimmingSpaces() }
            return items.count < 64
        }
        return items
    }

    /// A coding with `q=0` is not accepted; `*` is any that is not named.
    private static func accepts(_ coding: String, _ items: [String]) -> Bool {
        var byWildcard = false
        for item in items {
            let parts = item.split(separator: ";").map { $0.trimmingSpaces().lowercased() }
            guard let name = parts.first else { continue }
            let isRefused = parts.dropFirst().contains { part in
                part.hasPrefix("q=") && (Double(part.dropFirst(2)).map { !($0 > 0) } ?? true)
            }
            if name == coding || name == "x-\(coding)" { return !isRefused }
            if name == "*" { byWildcard = !isRefused }
        }
        return byWildcard
    }
}
