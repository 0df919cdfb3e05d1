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
    // Inlinable, as the requirement that it stands for: with the plan's type known, a request costs no look-up of types.
    @inlinable public func admit(_ head: RequestHead, on connection: ServerConnection) {
        let routed = route(for: head)
        switch connection.ask(routed.action, head, observer: routed.observer) {
        case .admitted: connection.serve { exchange(for: routed.plan, head: head, on: connection) }
        case .answered: break
        case .later(let future, let request):
            connection.await(future, for: request) { exchange(for: routed.plan, head: head, on: connection) }
        }
    }
}

extension ServerConnection {
    /// What came of asking whether a request may be served.
    @usableFromInline enum Asked {
        case admitted
        /// Refused, or of no use any more.
        case answered
        case later(EventLoopFuture<Verdict>, request: UInt32)
    }

    @usableFromInline func ask(
        _ action: RouteAction, _ head: RequestHead, observer: (any RequestObserver)?
    ) -> Asked {
        self.observer = observer
        if action.isRateLimited, let settings = listener.settings, !settings.admitsRequest(at: phases.began) {
            service.metrics.rateLimited.increment()
            identity = nil
            respond(.text(429, "too many requests (rate_limit)", fields: [("Retry-After", "1")]))
            return .answered
        }
        return take(listener.admission.verdict(on: AdmissionQuestion(action, head, on: self)), for: phases.number)
    }

    @usableFromInline func await(
        _ future: EventLoopFuture<Verdict>, for request: UInt32, serving make: @escaping () -> any Exchange
    ) {
        future.hop(to: eventLoop).assumeIsolated().whenComplete { result in
            guard self.phases.isAdmitting(request) else { return }
            self.goOn {
                self.phases.admissionTookTime(self.eventLoop.now)
                let verdict =
                    (try? result.get()) ?? .refused(.text(503, "it could not be decided whether you may do this"))
                switch self.take(verdict, for: request) {
                case .admitted: self.serve(make)
                case .answered: break
                case .later(let future, let request): self.await(future, for: request, serving: make)
                }
            }
        }
    }

    /// - Parameter request: A verdict that comes when this one has gone, with its connection or alone, is too late.
    private func take(_ verdict: Verdict, for request: UInt32) -> Asked {
        switch verdict {
        case .admitted(let identity):
            guard phases.admitted(request) else { return .answered }
            self.identity = identity
            return .admitted
        case .refused(let response):
            guard phases.isAdmitting(request) else { return .answered }
            identity = nil
            respond(response)
            return .answered
        case .later(let future): return .later(future, request: request)
        }
    }
}
