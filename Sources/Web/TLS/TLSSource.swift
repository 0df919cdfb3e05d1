import Synchronization

/// The newest `ServerTLS`, which each accepted connection takes for itself. A change reaches the connections that come after it;
/// those that are open stay.
public final class TLSSource: Sendable {
    private let newest: Mutex<ServerTLS>

    public init(_ tls: ServerTLS) { newest = Mutex(tls) }

    public var current: ServerTLS { newest.withLock { $0 } }

    public func replace(with tls: ServerTLS) { newest.withLock { $0 = tls } }
}
