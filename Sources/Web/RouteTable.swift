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
        let most = WebLimits.maxDiscardedBytes
        if let refusal = Answer.tooLarge(head, connection, bytes: most, "no body is expected here") { return refusal }
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

/// Answers at once, when the head is in. A body that nobody asked for is read and thrown away, as far as that is worth it to keep
/// the connection (`WebLimits.maxDiscardedBytes`).
public final class Answer: Exchange {
    public init(_ connection: ServerConnection, _ answer: () -> Response) { connection.respond(answer()) }

    /// - Returns: `nil` for a request that does not announce a body of more than `bytes`; otherwise it is answered 413, before its body
    ///   comes, and the connection ends.
    public static func tooLarge(
        _ head: RequestHead, _ connection: ServerConnection, bytes: Int, _ text: @autoclosure () -> String
    ) -> (any Exchange)? {
        guard case .length(let length) = head.framing, length > bytes else { return nil }
        return Answer(connection) { .text(413, text(), closes: true) }
    }
}
