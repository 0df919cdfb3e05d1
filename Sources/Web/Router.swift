import Wire

/// Chooses what serves a request, in two steps with `Admission` between them.
public protocol Router: Sendable {
    /// What was found out about a request, kept between the steps so that what is admitted is what is done.
    associatedtype Plan

    /// What `head` asks for. Nothing is done yet: whoever asks has not been admitted. Called on the connection's event loop.
    func route(for head: RequestHead) -> RoutedRequest<Plan>

    /// Called on the connection's event loop when the request has been admitted. May answer at once through `connection`; whatever is
    /// returned still hears of the rest of the request, until it has finished.
    func exchange(for plan: Plan, head: RequestHead, on connection: ServerConnection) -> any Exchange

    /// Asks whether a request may be served, and serves it then. Not for a router to write: no other has the means to serve one.
    func admit(_ head: RequestHead, on connection: ServerConnection)
}

/// What a request comes to.
public struct RoutedRequest<Plan> {
    public var action: RouteAction
    /// Told when the request ends, admitted or not.
    public var observer: (any RequestObserver)?
    public var plan: Plan

    public init(_ action: RouteAction, observer: (any RequestObserver)? = nil, plan: Plan) {
        self.action = action
        self.observer = observer
        self.plan = plan
    }
}

/// What somebody who sends a request wants to do, for `Admission`.
public enum RouteAction: Sendable, Equatable {
    /// Nothing that anybody needs leave for: health, and answers that are the same for all.
    case open
    /// See what stands at a path.
    case read(path: String)
    /// Scrape the client of this name.
    case scrape(client: String)
    /// Be connected with this host and port.
    case connect(authority: String)
    /// Act as a client whose name the request's body has: whoever reads that has to ask again.
    case poll
    /// Answer a scrape that was handed to a client.
    case push
    /// Act as a client that says its names later on.
    case tunnel

    /// Whether `rate_limit` counts it. What clients send is not: a client whose polls are refused is away, and no scrape would find it.
    var isRateLimited: Bool {
        switch self {
        case .poll, .push, .tunnel: false
        case .open, .read, .scrape, .connect: true
        }
    }

    /// One word, as metrics have it.
    public var label: String {
        switch self {
        case .open: "open"
        case .read: "read"
        case .scrape: "scrape"
        case .connect: "connect"
        case .poll: "poll"
        case .push: "push"
        case .tunnel: "tunnel"
        }
    }
}
