import NIOCore
import Wire

/// A path that is answered at once, from what the program knows: metrics, health, lists.
public struct Route: Sendable {
    let observer: (any RequestObserver)?
    let isOpen: Bool
    let answer: @Sendable ((any AdmittedIdentity)?) -> Response

    /// - Parameters:
    ///   - observer: Told of each request.
    ///   - isOpen: Whether it says nothing that needs leave to be read (`RouteAction.open`).
    ///   - answer: Called on an event loop for each GET and HEAD; must not block.
    public init(
        observer: (any RequestObserver)? = nil, isOpen: Bool = false, answer: @escaping @Sendable () -> Response
    ) {
        self.init(observer: observer, isOpen: isOpen, answerTo: { _ in answer() })
    }

    /// - Parameter answerTo: Told as whom the peer was admitted: for what not everybody may see all of.
    public init(
        observer: (any RequestObserver)? = nil, isOpen: Bool = false,
        answerTo answer: @escaping @Sendable ((any AdmittedIdentity)?) -> Response
    ) {
        self.observer = observer
        self.isOpen = isOpen
        self.answer = answer
    }
}

/// Serves routes by their path, in origin form, for GET and HEAD; 404 and 405 elsewhere.
public struct RouteTable: Router {
    /// How a request is answered.
    public typealias Plan = @Sendable ((any AdmittedIdentity)?) -> Response

    private let routes: [String: Route]

    public init(_ routes: [String: Route]) { self.routes = routes }

    public func route(for head: RequestHead) -> RoutedRequest<Plan> {
        let path = Self.path(of: head)
        guard let route = routes[path] else {
            return RoutedRequest(.open, plan: { _ in .text(404, "not found; see / for what there is") })
        }
        let action = route.isOpen ? RouteAction.open : .read(path: path)
        if let refusal = Response.tooLarge(head, bytes: WebLimits.maxDiscardedBytes, "no body is expected here") {
            return RoutedRequest(action, observer: route.observer, plan: { _ in refusal })
        }
        guard head.method == "GET" || head.method == "HEAD" else {
            return RoutedRequest(
                action, observer: route.observer,
                plan: { _ in .text(405, "use GET", fields: [("Allow", "GET, HEAD")]) })
        }
        return RoutedRequest(action, observer: route.observer, plan: route.answer)
    }

    public func exchange(for plan: Plan, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        Answer(connection, plan(connection.identity))
    }

    /// The request target without its query.
    public static func path(of head: RequestHead) -> String {
        guard let query = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return head.target }
        return String(head.target[..<query])
    }
}

/// Answers at once. A body that nobody asked for is read and thrown away, as far as that is worth it to keep the connection
/// (`WebLimits.maxDiscardedBytes`).
public final class Answer: Exchange {
    public init(_ connection: ServerConnection, _ response: Response) { connection.respond(response) }
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
