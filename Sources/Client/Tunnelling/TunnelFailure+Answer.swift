import NIOCore
import Settings
import Wire

/// What an answer to the request for a tunnel means that opens none.
extension TunnelFailure {
    /// - Parameters:
    ///   - body: as much of it as came.
    ///   - secrets: values of fields of the request.
    init(_ head: ResponseHead, body: ByteBuffer, hiding secrets: [Secret]) {
        let words = ProxyWords(head, body: body, hiding: secrets)
        switch head.status {
        case 401, 403, 407: self = .denied(words.explanation(of: "the request for a tunnel"))
        case 429, 503: self = .busy(retryAfter: words.retryAfter, "the proxy is busy or shutting down")
        case 400, 404, 405, 426, 501:
            self = .noTunnel("the proxy has none: its answer has status \(head.status)")
        default: self = .noTunnel(words.explanation(of: "the request for a tunnel"))
        }
    }

    /// - Parameter isOpaque: whether the connection, unlike that of a poll, was to lead through an HTTP proxy that it looks into.
    init(connecting failure: OutboundFailure, isOpaque: Bool) {
        switch failure.kind {
        case .refusedOnTheWay(407): self = .denied(failure.explanation)
        case .refusedOnTheWay where isOpaque: self = .noTunnel(failure.explanation)
        case .unreachable, .refusedOnTheWay: self = .unreachable(failure.explanation)
        case .broken, .malformed: self = .broken(failure.explanation)
        }
    }
}
