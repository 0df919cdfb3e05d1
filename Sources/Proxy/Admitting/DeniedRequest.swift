import Access
import Wire

/// Something that somebody was not allowed, for metrics, log and record.
struct DeniedRequest: Sendable {
    enum Kind: Sendable {
        /// A scrape that never got to the broker.
        case scrape(ScrapeID, target: String)
        /// A poll, a push, a page.
        case other
        /// A scrape under way, which has an end of its own.
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
        let target = AbsoluteTarget(head.method == "CONNECT" ? "https://\(head.target)" : head.target)
        // Neither user information nor query: they may hold secrets.
        let text = target.map { "\($0.scheme)://\($0.authority)\($0.path)".withoutControls } ?? ""
        self.init(denial, address: address, kind: .scrape(ScrapeID(), target: text))
    }
}
