import Failures
import NIOCore
import Web
import Wire

/// Tells scrapes from the proxy's own API by the form of the request target, and nothing else: absolute form is a scrape, even of
/// a client named like the proxy (upstream's `ServeHTTP`).
struct ProxyRouter: Router {
    let dispatcher: Dispatcher
    let metrics: ProxyMetrics
    let agents = AgentNames()
    let routes: RouteTable
    let defaultTimeout: TimeAmount
    let maxTimeout: TimeAmount
    let maxHeadBytes: Int

    func exchange(for head: RequestHead, on connection: ServerConnection) -> any Exchange {
        // A connection that is gone by now is answered into the void.
        guard let loop = connection.eventLoop else { return Answer(connection) { .text(503, "gone") } }
        if head.method == "CONNECT" {
            connection.observer = metrics.proxiedRequests
            return Answer(connection) {
                .text(
                    501, "CONNECT is not supported: scrape http://…?_scheme=https instead, and the client uses https",
                    closes: true)
            }
        }
        guard head.target.utf8.first == UInt8(ascii: "/") else { return scrape(head, connection, loop) }
        switch RouteTable.path(of: head) {
        case "/poll":
            connection.observer = metrics.requests[.poll]
            guard head.method == "POST" else { return Self.postOnly(connection) }
            if head.message.contains("Origin") { return fromBrowser(connection) }
            if let refusal = PollExchange.refusal(of: head, on: connection) { return refusal }
            return PollExchange(head, connection: connection, loop: loop, dispatcher: dispatcher, agents: agents)
        case "/push":
            connection.observer = metrics.requests[.push]
            guard head.method == "POST" else { return Self.postOnly(connection) }
            if head.message.contains("Origin") { return fromBrowser(connection) }
            return PushExchange(connection: connection, loop: loop, dispatcher: dispatcher, maxHeadBytes: maxHeadBytes)
        default:
            return routes.exchange(for: head, on: connection)
        }
    }

    private func scrape(_ head: RequestHead, _ connection: ServerConnection, _ loop: any EventLoop) -> any Exchange {
        connection.observer = metrics.proxiedRequests
        if let refusal = ScrapeExchange.refusal(of: head, on: connection) { return refusal }
        let id = ScrapeID()
        do throws(ScrapeRequest.Refusal) {
            let request = try ScrapeRequest(
                head, id: id, fallback: defaultTimeout, maximum: maxTimeout)
            return ScrapeExchange(
                request, connection: connection, loop: loop, dispatcher: dispatcher, metrics: metrics)
        } catch {
            dispatcher.scrapeRefused()
            let why =
                switch error {
                case .notAbsolute: "the request target must begin with / or be a URL to scrape"
                case .unusableHost: FailureKind.badTarget.summary
                }
            return Answer(connection) { .text(400, "\(why) (scrape id \(id))") }
        }
    }

    /// A page in a browser that can reach the proxy could register a name and be handed a scrape with its credentials: browsers say
    /// where such a request comes from (Fetch Standard, "Origin" header), clients have nothing to say. Answered before its body is in.
    private func fromBrowser(_ connection: ServerConnection) -> any Exchange {
        metrics.browserRequests.increment()
        return Answer(connection) {
            .text(403, "polls and pushes are for clients, not for pages in a browser (Origin)", closes: true)
        }
    }

    private static func postOnly(_ connection: ServerConnection) -> any Exchange {
        Answer(connection) { .text(405, "use POST", fields: [("Allow", "POST")]) }
    }
}
