import Web
import Wire

/// The routes of `--web.client-listen-address`: what clients need, and nothing else.
struct ClientRouter: Router {
    let router: ProxyRouter

    func route(for head: RequestHead) -> RoutedRequest<ProxyRouter.Plan> {
        guard head.method != "CONNECT", head.target.utf8.first == UInt8(ascii: "/") else {
            return RoutedRequest(
                .open, observer: router.metrics.proxiedRequests,
                plan: .answer(
                    .text(403, "this address is for clients alone: nothing is scraped through it", closes: true)))
        }
        switch RouteTable.path(of: head) {
        case "/poll", "/push", "/tunnel", "/-/healthy": return router.route(for: head)
        default:
            return RoutedRequest(
                .open, plan: .answer(.text(404, "not found: this address is for clients alone", closes: true)))
        }
    }

    func exchange(for plan: ProxyRouter.Plan, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        router.exchange(for: plan, head: head, on: connection)
    }
}
