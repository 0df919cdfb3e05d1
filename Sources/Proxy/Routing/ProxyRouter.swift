import Failures
import NIOCore
import Tunnel
import Web
import Wire

/// Tells scrapes from the proxy's own API by the form of the request target, and nothing else: absolute form is a scrape, even of
/// a client named like the proxy (upstream's `ServeHTTP`).
struct ProxyRouter: Router {
    let dispatcher: Dispatcher
    private(set) var access: AccessDesk
    let metrics: ProxyMetrics
    let agents: AgentNames
    private(set) var tunnels: TunnelService
    let connects: ConnectSettings
    let routes: RouteTable
    let defaultTimeout: TimeAmount
    let maxTimeout: TimeAmount
    let maxHeadBytes: Int

    /// The same, where others decide.
    func with(_ access: AccessDesk) -> ProxyRouter {
        var other = self
        other.access = access
        other.tunnels.access = access
        return other
    }

    /// What a request comes to, once it is admitted.
    enum Plan {
        case poll
        case push
        case tunnel(WebSocketHandshake)
        case connect(ConnectRequest)
        case unusableConnect
        case scrape(ScrapeRequest)
        case unusableScrape(why: String)
        case fromBrowser
        case answer(Response)
        case page(RouteTable.Plan)
    }

    func route(for head: RequestHead) -> RoutedRequest<Plan> {
        if head.method == "CONNECT" {
            return RoutedRequest(
                .connect(authority: head.target), observer: metrics.proxiedRequests,
                plan: ConnectRequest(head, timeout: defaultTimeout).map { .connect($0) } ?? .unusableConnect)
        }
        guard head.target.utf8.first == UInt8(ascii: "/") else { return scrape(head) }
        switch RouteTable.path(of: head) {
        case "/poll":
            return RoutedRequest(
                .poll, observer: metrics.requests[.poll],
                plan: Self.refusal(of: head) ?? PollExchange.refusal(of: head).map { .answer($0) } ?? .poll)
        case "/push":
            return RoutedRequest(
                .push, observer: metrics.requests[.push], plan: Self.refusal(of: head) ?? .push)
        case "/tunnel":
            return RoutedRequest(.tunnel, observer: metrics.requests[.tunnel], plan: tunnel(head))
        default:
            let page = routes.route(for: head)
            return RoutedRequest(page.action, observer: page.observer, plan: .page(page.plan))
        }
    }

    func exchange(for plan: Plan, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        let loop = connection.eventLoop
        switch plan {
        case .poll:
            return PollExchange(
                head, connection: connection, loop: loop, dispatcher: dispatcher, access: access, agents: agents)
        case .push:
            return PushExchange(connection: connection, loop: loop, dispatcher: dispatcher, maxHeadBytes: maxHeadBytes)
        case .tunnel(let handshake):
            return TunnelExchange(handshake, head, connection: connection, service: tunnels)
        case .connect(let request):
            return ConnectExchange(
                request, connection: connection, loop: loop, dispatcher: dispatcher, access: access,
                metrics: metrics, settings: connects)
        case .unusableConnect:
            dispatcher.connectionRefused()
            return Answer(connection, .text(400, "CONNECT needs the name and the port of a client, name:port"))
        case .scrape(let request):
            return ScrapeExchange(
                request, connection: connection, loop: loop, dispatcher: dispatcher, access: access, metrics: metrics)
        case .unusableScrape(let why):
            dispatcher.scrapeRefused()
            return Answer(connection, .text(400, why))
        case .fromBrowser:
            metrics.browserRequests.increment()
            return Answer(
                connection,
                .text(
                    403, "polls, pushes and tunnels are for clients, not for pages in a browser (Origin)", closes: true)
            )
        case .answer(let response): return Answer(connection, response)
        case .page(let plan): return routes.exchange(for: plan, head: head, on: connection)
        }
    }

    private func scrape(_ head: RequestHead) -> RoutedRequest<Plan> {
        let id = ScrapeID()
        do throws(ScrapeRequest.Refusal) {
            let request = try ScrapeRequest(head, id: id, fallback: defaultTimeout, maximum: maxTimeout)
            return RoutedRequest(
                .scrape(client: request.fqdn.description), observer: metrics.proxiedRequests,
                plan: ScrapeExchange.refusal(of: head).map { .answer($0) } ?? .scrape(request))
        } catch {
            let why =
                switch error {
                case .notAbsolute: "the request target must begin with / or be a URL to scrape"
                case .unusableHost: FailureKind.badTarget.summary
                }
            return RoutedRequest(
                .open, observer: metrics.proxiedRequests,
                plan: .unusableScrape(why: "\(why) (scrape id \(id))"))
        }
    }

    private func tunnel(_ head: RequestHead) -> Plan {
        if head.message.contains("Origin") { return .fromBrowser }
        do throws(WebSocketHandshake.Refusal) {
            return .tunnel(try WebSocketHandshake(request: head))
        } catch {
            metrics.tunnelsRefused[.handshake]?.increment()
            return .answer(.text(error.status, error.explanation, fields: error.fields))
        }
    }

    /// Polls and pushes that are none. A page in a browser that can reach the proxy could register a name and be handed a scrape with its
    /// credentials: browsers say where such a request comes from (Fetch Standard, "Origin" header), clients have nothing to say.
    /// Answered before its body is in.
    private static func refusal(of head: RequestHead) -> Plan? {
        guard head.method == "POST" else {
            return .answer(.text(405, "use POST", fields: [("Allow", "POST")]))
        }
        return head.message.contains("Origin") ? .fromBrowser : nil
    }
}
