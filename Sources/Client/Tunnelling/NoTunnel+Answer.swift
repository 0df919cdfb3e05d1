import NIOCore
import Settings
import Tunnel
import Wire

/// What it means that a connection, an answer or a tunnel is none, or no longer.
extension NoTunnel {
    /// An answer to the request for a tunnel that opens none.
    ///
    /// - Parameters:
    ///   - body: as much of it as came.
    ///   - secrets: values of fields of the request.
    init(_ head: ResponseHead, body: ByteBuffer, hiding secrets: [Secret]) {
        let words = ProxyWords(head, body: body, hiding: secrets)
        switch head.status {
        case 401, 403, 407: self = .denied(words.explanation(of: "the request for a tunnel"))
        case 429, 503: self = .busy(retryAfter: words.retryAfter, "the proxy is busy or shutting down")
        case 400, 404, 405, 426, 501:
            self = .notOffered("the proxy has none: its answer has status \(head.status)")
        default: self = .notOffered(words.explanation(of: "the request for a tunnel"))
        }
    }

    /// - Parameter isOpaque: whether the connection, unlike that of a poll, was to lead through an HTTP proxy that it looks into.
    init(connecting failure: OutboundFailure, isOpaque: Bool) {
        switch failure.kind {
        case .refusedOnTheWay(407): self = .denied(failure.explanation)
        case .refusedOnTheWay where isOpaque: self = .notOffered(failure.explanation)
        case .unreachable, .refusedOnTheWay: self = .unreachable(failure.explanation)
        case .broken, .malformed: self = .broken(failure.explanation)
        }
    }

    /// - Parameters:
    ///   - closing: how a tunnel ended that there was.
    ///   - refusal: what the proxy said of our name, where it did not take it.
    init(_ closing: TunnelClosing, refusal: String? = nil) {
        switch closing {
        case .closed(let close) where close.code == .denied: self = .denied(refusal ?? closing.explanation)
        case .closed(let close) where close.code == .superseded: self = .superseded
        case .closed(let close) where close.code == .tryAgainLater: self = .busy(retryAfter: nil, closing.explanation)
        case .lost, .silent, .closed, .done, .failed, .unread: self = .broken(closing.explanation)
        }
    }
}
