import NIOCore

/// Why there is no tunnel, or no longer one.
enum NoTunnel: Error, Equatable {
    /// No connection came about; a poll would get none either.
    case unreachable(String)
    /// Something answers there that has no tunnel for us.
    case notOffered(String)
    /// A connection came about, and nothing on it: whatever is there may have a tunnel, once it goes on.
    case unanswered(String)
    /// The proxy, or something on the way to it, does not take what this client shows, or does not let it register.
    case denied(String)
    /// The proxy can't take a tunnel now.
    case busy(retryAfter: TimeAmount?, String)
    /// The connection ended, went silent, or brought something that no tunnel does.
    case broken(String)
    /// Another client with this FQDN took our place.
    case superseded

    /// How attempts are counted: one that succeeded, and each kind of failure.
    enum Result: String, CaseIterable {
        case up, unreachable, none, denied, busy, broken, superseded
    }

    var result: Result {
        switch self {
        case .unreachable: .unreachable
        case .notOffered: .none
        case .denied: .denied
        case .busy: .busy
        case .unanswered, .broken: .broken
        case .superseded: .superseded
        }
    }

    /// One clause for the log.
    var explanation: String {
        switch self {
        case .unreachable(let text), .notOffered(let text), .unanswered(let text), .denied(let text),
            .busy(_, let text),
            .broken(let text):
            text
        case .superseded: "another client with this FQDN took our place"
        }
    }
}
