import Access
import Wire

/// Something that somebody was not allowed, for metrics, log and record.
struct DeniedRequest: Sendable {
    enum Kind: Sendable {
        /// A scrape that never got to the broker.
        case scrape(ScrapeID, target: String)
        /// A CONNECT that never got to the broker.
        case connection(ScrapeID, target: String)
        /// A poll, a push, a page.
        case other
        /// A scrape or a connection under way, which has an end of its own.
        case scrapeUnderWay
    }

    let denial: Denial
    /// The peer's.
    let address: String?
    let kind: Kind

    init(_ denial: Denial, address: String?, kind: Kind = .other) {
        self.denial = denial
        self.address = address
        self.kind = kind
    }

    /// - Parameter head: Of the request.
    init(_ denial: Denial, _ head: RequestHead, address: String?) {
        guard denial.action == .scrape else {
            self.init(denial, address: address)
            return
        }
        if head.method == "CONNECT" {
            self.init(
                denial, address: address,
                kind: .connection(ScrapeID(), target: "CONNECT \(head.target)".withoutControls))
            return
        }
        let target = AbsoluteTarget(head.target)
        // Neither user information nor query: they may hold secrets.
        let text = target.map { "\($0.scheme)://\($0.authority)\($0.path)".withoutControls } ?? ""
        self.init(denial, address: address, kind: .scrape(ScrapeID(), target: text))
    }
}
