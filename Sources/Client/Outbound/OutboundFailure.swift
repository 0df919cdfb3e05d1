import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why a request of ours got no complete answer.
struct OutboundFailure: Error {
    enum Kind: Sendable, Equatable {
        /// No connection could be made.
        case unreachable
        /// The HTTP proxy on the way did not open the way.
        case refusedOnTheWay(status: Int)
        /// The connection ended before the answer did.
        case broken
        /// What came was no HTTP response.
        case malformed
    }

    let kind: Kind
    /// One clause for logs and answers, without anything the peer sent.
    let explanation: String

    static func unreachable(_ error: any Error) -> OutboundFailure {
        OutboundFailure(kind: .unreachable, explanation: describe(error))
    }

    static func broken(_ error: (any Error)?) -> OutboundFailure {
        OutboundFailure(
            kind: .broken,
            explanation: error.map(describe) ?? "the connection was closed before the answer was complete")
    }

    /// Errors of sockets and TLS in a person's words.
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as OutboundFailure: return error.explanation
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return describe(first.error) }
            return "the host name \(error.host) can't be resolved"
        case let error as IOError:
            return String(cString: strerror(error.errnoCode)).lowercasedFirst
        case ChannelError.connectTimeout(let time):
            return "no connection within \(time.nanoseconds / 1_000_000_000) s"
        case is NIOSSLExtraError:
            return "the host name can't be used with TLS"
        case NIOSSLError.uncleanShutdown:
            return "the TLS connection was cut"
        case NIOSSLError.handshakeFailed(let inner):
            return "the TLS handshake failed: \(tlsReason(inner))"
        case let error as NIOSSLError: return "TLS: \(tlsReason(error))"
        case let error as BoringSSLError: return "TLS: \(tlsReason(error))"
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.eof:
            return "the connection was closed"
        default: return "\(error)".prefix(300).description
        }
    }

    /// The one word of a BoringSSL error that says something, in a person's spelling: `CERTIFICATE_VERIFY_FAILED` lies between
    /// library names and source files.
    private static func tlsReason(_ error: any Error) -> String {
        let text = "\(error)"
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        if let mark = words.firstIndex(of: "OPENSSL_internal"), words.index(after: mark) < words.endIndex {
            return words[words.index(after: mark)].lowercased().split(separator: "_").joined(separator: " ")
        }
        return text.prefix(200).description
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
