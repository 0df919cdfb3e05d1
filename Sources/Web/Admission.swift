import NIOCore
import Wire

/// Decides whether a peer may do what it asks for, between a request's head and the exchange that would serve it.
///
/// No route can be left out: a `Router` is never given a connection before the verdict. It says what a head asks for, the connection
/// asks this, and `Router.exchange(for:head:on:)` is called by nobody but the connection, with a plan that has been admitted.
public protocol Admission: Sendable {
    /// Called on the connection's event loop for each request; must not block. Bytes that come while a verdict is awaited are kept
    /// within bounds and the peer is read no further, so it has to come in bounded time.
    func verdict(on question: AdmissionQuestion) -> Verdict
}

public enum Verdict: Sendable {
    /// - Parameter as: Who the peer is now, for `Peer.identity`.
    case admitted(as: (any AdmittedIdentity)?)
    case refused(Response)
    /// Not known yet; a future that fails is answered 503. One that is of no use any more, because the peer has left, is not waited for.
    case later(EventLoopFuture<Verdict>)
}

/// As whom a peer was admitted; whatever `Admission` makes of it.
public protocol AdmittedIdentity: AnyObject, Sendable {
    /// For people.
    var name: String { get }
}

/// Everybody may do everything.
public struct OpenAdmission: Admission {
    public init() {}

    public func verdict(on question: AdmissionQuestion) -> Verdict { .admitted(as: nil) }
}

/// Who asks for what.
public struct AdmissionQuestion {
    private enum Source {
        case connection(ServerConnection)
        case value(Peer, any EventLoop)
    }

    public let action: RouteAction
    public let head: RequestHead
    private let source: Source

    init(_ action: RouteAction, _ head: RequestHead, on connection: ServerConnection) {
        self.action = action
        self.head = head
        source = .connection(connection)
    }

    /// A question that no connection asks.
    public init(_ action: RouteAction, _ head: RequestHead, peer: Peer, on loop: any EventLoop) {
        self.action = action
        self.head = head
        source = .value(peer, loop)
    }

    /// Where the verdict is wanted.
    public var eventLoop: any EventLoop {
        switch source {
        case .connection(let connection): connection.eventLoop
        case .value(_, let loop): loop
        }
    }

    /// Costs something only where it is asked for.
    public var peer: Peer {
        switch source {
        case .connection(let connection): connection.peer
        case .value(let peer, _): peer
        }
    }
}

extension Router {
    /// Asks whether a request may be served, and serves it then.
    func admit(_ head: RequestHead, on connection: ServerConnection) {
        let routed = route(for: head)
        connection.observer = routed.observer
        if routed.action.isRateLimited, let settings = connection.listener.settings,
            !settings.admitsRequest(at: connection.phases.began)
        {
            connection.service.metrics.rateLimited.increment()
            connection.identity = nil
            connection.respond(.text(429, "too many requests (rate_limit)", fields: [("Retry-After", "1")]))
            return
        }
        let question = AdmissionQuestion(routed.action, head, on: connection)
        settle(
            connection.listener.admission.verdict(on: question), routed.plan, head, connection,
            request: connection.phases.number)
    }

    /// - Parameter request: A verdict that comes when this one has gone, with its connection or alone, is too late.
    private func settle(
        _ verdict: Verdict, _ plan: Plan, _ head: RequestHead, _ connection: ServerConnection, request: UInt32
    ) {
        switch verdict {
        case .admitted(let identity):
            guard connection.phases.admitted(request) else { return }
            connection.identity = identity
            connection.serve { exchange(for: plan, head: head, on: connection) }
        case .refused(let response):
            guard connection.phases.isAdmitting(request) else { return }
            connection.identity = nil
            connection.respond(response)
        case .later(let future):
            future.hop(to: connection.eventLoop).assumeIsolated().whenComplete { result in
                guard connection.phases.isAdmitting(request) else { return }
                connection.goOn {
                    connection.phases.admissionTookTime(connection.eventLoop.now)
                    let verdict =
                        (try? result.get()) ?? .refused(.text(503, "it could not be decided whether you may do this"))
                    self.settle(verdict, plan, head, connection, request: request)
                }
            }
        }
    }
}
