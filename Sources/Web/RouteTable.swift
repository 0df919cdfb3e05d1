import NIOCore
import Wire

/// A path that is answered at once, from what the program knows: metrics, health, lists.
public struct Route: Sendable {
    let observer: (any RequestObserver)?
    let answer: @Sendable () -> Response

    /// - Parameters:
    ///   - observer: Told of each request.
    ///   - answer: Called on an event loop for each GET and HEAD; must not block.
    public init(observer: (any RequestObserver)? = nil, answer: @escaping @Sendable () -> Response) {
        self.observer = observer
        self.answer = answer
    }
}

/// Serves routes by their path, in origin form, for GET and HEAD; 404 and 405 elsewhere.
public struct RouteTable: Router {
    private let routes: [String: Route]

    public init(_ routes: [String: Route]) { self.routes = routes }

    public func exchange(for head: RequestHead, on connection: ServerConnection) -> any Exchange {
        guard let route = routes[Self.path(of: head)] else {
            return Answer(connection) { .text(404, "not found; see / for what there is") }
        }
        connection.observer = route.observer
        guard head.method == "GET" || head.method == "HEAD" else {
            return Answer(connection) { .text(405, "use GET", fields: [("Allow", "GET, HEAD")]) }
        }
        return Answer(connection, route.answer)
    }

    /// The request target without its query.
    public static func path(of head: RequestHead) -> String {
        guard let query = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return head.target }
        return String(head.target[..<query])
    }
}

/// Answers when the whole request is in.
public final class Answer: Exchange {
    private let connection: ServerConnection
    private let answer: () -> Response

    public init(_ connection: ServerConnection, _ answer: @escaping () -> Response) {
        self.connection = connection
        self.answer = answer
    }

    public func bodyEnded() { connection.respond(answer()) }
}
