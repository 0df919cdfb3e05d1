import Access
import Web

extension Denial {
    /// The answer to the peer, with what it could show.
    var response: Response {
        let field =
            switch status {
            case 401: "WWW-Authenticate"
            case 407: "Proxy-Authenticate"
            default: ""
            }
        let schemes = ["Basic realm=\"pushprox\", charset=\"UTF-8\"", "Bearer realm=\"pushprox\""]
        return .text(status, text, fields: field.isEmpty ? [] : schemes.map { (field, $0) })
    }
}
