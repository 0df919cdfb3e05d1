import NIOCore
import Wire

/// A path that is answered from what the program knows: metrics, health, lists.
public struct Route: Sendable {
    let observer: (any RequestObserver)?
    let isOpen: Bool
    let answer: @Sendable (RouteRequest) -> RouteAnswer

    /// - Parameters:
    ///   - observer: Told of each request.
    ///   - isOpen: Whether it says nothing that needs leave to be read (`RouteAction.open`).
    ///   - answer: Called on an event loop for each GET and HEAD; must not block.
    public init(
        observer: (any RequestObserver)? = nil, isOpen: Bool = false, answer: @escaping @Sendable () -> Response
    ) {
        self.init(observer: observer, isOpen: isOpen, answerTo: { _ in .now(answer()) })
    }

    /// - Parameter answerTo: Told what is asked for, and as whom the peer was admitted: for what is not the same for all. Called as `answer`
    ///   is.
    public init(
        observer: (any RequestObserver)? = nil, isOpen: Bool = false,
        answerTo answer: @escaping @Sendable (RouteRequest) -> RouteAnswer
    ) {
        self.observer = observer
        self.isOpen = isOpen
        self.answer = answer
    }
}

/// A request of a route, once it is admitted.
public struct RouteRequest: Sendable {
    public let head: RequestHead
    /// As whom the peer was admitted.
    public let identity: (any AdmittedIdentity)?
    /// The connection's: where an answer is wanted.
    public let loop: any EventLoop

    public init(head: RequestHead, identity: (any AdmittedIdentity)?, loop: any EventLoop) {
        self.head = head
        self.identity = identity
        self.loop = loop
    }
}

/// What a route says to a request.
public enum RouteAnswer: Sendable {
    case now(Response)
    /// It takes a while, and happens elsewhere. Must end by itself in bounded time: of a peer that leaves, nothing is heard. Where it fails, the
    /// answer is 503.
    case later(EventLoopFuture<Response>)
}

/// Serves routes by their path, in origin form, for GET and HEAD; 404 and 405 elsewhere.
public struct RouteTable: Router {
    /// How a request is answered.
    public typealias Plan = @Sendable (RouteRequest) -> RouteAnswer

    private let routes: [String: Route]

    public init(_ routes: [String: Route]) { self.routes = routes }

    public func route(for head: RequestHead) -> RoutedRequest<Plan> {
        let path = Self.path(of: head)
        guard let route = routes[path] else {
            return RoutedRequest(.open, plan: { _ in .now(.text(404, "not found; see / for what there is")) })
        }
        let action = route.isOpen ? RouteAction.open : .read(path: path)
        if let refusal = Response.tooLarge(head, bytes: WebLimits.maxDiscardedBytes, "no body is expected here") {
            return RoutedRequest(action, observer: route.observer, plan: { _ in .now(refusal) })
        }
        guard head.method == "GET" || head.method == "HEAD" else {
            return RoutedRequest(
                action, observer: route.observer,
                plan: { _ in .now(.text(405, "use GET", fields: [("Allow", "GET, HEAD")])) })
        }
        return RoutedRequest(action, observer: route.observer, plan: route.answer)
    }

    public func exchange(for plan: Plan, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        switch plan(RouteRequest(head: head, identity: connection.identity, loop: connection.eventLoop)) {
        case .now(let response): Answer(connection, response)
        case .later(let response): LateAnswer(connection, response)
        }
    }

    /// The request target without its query.
    public static func path(of head: RequestHead) -> String {
        guard let query = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return head.target }
        return String(head.target[..<query])
    }

    /// What stands behind the request target's first question mark, encoded as it came; empty where there is none.
    public static func query(of head: RequestHead) -> Substring {
        guard let mark = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "" }
        return head.target[head.target.utf8.index(after: mark)...]
    }
}

/// Answers at once. A body that nobody asked for is read and thrown away, as far as that is worth it to keep the connection
/// (`WebLimits.maxDiscardedBytes`).
public final class Answer: Exchange {
    public init(_ connection: ServerConnection, _ response: Response) { connection.respond(response) }
}

/// Answers when the answer is there, unless the connection is lost before.
private final class LateAnswer: Exchange {
    private var isLost = false

    init(_ connection: ServerConnection, _ response: EventLoopFuture<Response>) {
        response.hop(to: connection.eventLoop).assumeIsolated().whenComplete { result in
            guard !self.isLost else { return }
            switch result {
            case .success(let response): connection.respond(response)
            case .failure:
                connection.respond(
                    .text(503, "the program is shutting down", fields: [("Retry-After", "1")], closes: true))
            }
        }
    }

    func connectionLost() { isLost = true }
}

extension Response {
    /// The answer to a request that announces a body of more than `bytes`, given before the body comes; the connection ends with it.
    ///
    /// - Returns: `nil` for other requests.
    public static func tooLarge(_ head: RequestHead, bytes: Int, _ text: @autoclosure () -> String) -> Response? {
        guard case .length(let length) = head.framing, length > bytes else { return nil }
        return .text(413, text(), closes: true)
    }
}
