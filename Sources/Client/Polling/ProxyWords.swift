import Flags
import NIOCore
import Settings
import Wire

/// What an answer says that is not the one that was hoped for: the proxy's, or of something on the way to it.
struct ProxyWords {
    private let head: ResponseHead
    /// What the proxy says itself, on one line, with a colon before it; empty for a page.
    private let sentence: String

    /// - Parameter secrets: values of fields of the request; what answers may repeat them, and the log must not.
    init(_ head: ResponseHead, body: ByteBuffer, hiding secrets: [Secret]) {
        self.head = head
        var line = String(String(buffer: body).prefix { !$0.isNewline })
        // Without its scheme: `Bearer `, `Basic `.
        for secret in secrets.compactMap({ $0.exposed.split(separator: " ").last }) {
            line = line.replacing(secret, with: "…")
        }
        let text = line.prefix(200)
        sentence = text.isEmpty || text.hasPrefix("<") ? "" : ": \(String(text).withoutControls)"
    }

    /// At most a day.
    var retryAfter: TimeAmount? {
        head.message.first("Retry-After").flatMap { Int64($0) }.map { .seconds(min(max(0, $0), 86_400)) }
    }

    /// - Parameter request: what was answered, as a subject: "the poll".
    func explanation(of request: String) -> String {
        let said = "\(request) was answered with status \(head.status)"
        switch head.status {
        case 300..<400:
            let location = head.message.first("Location").map { SecretText.withoutUserInfo($0) } ?? "somewhere else"
            return "\(said), a redirect to \(location.prefix(200)): give --proxy-url the final URL"
        case 401:
            return "\(said)\(sentence): show what the proxy asks for, with --proxy.token-file, with "
                + "--proxy.password-file and a user in --proxy-url, or with --tls.cert"
        case 403:
            return
                "\(said)\(sentence): the proxy's --access.config.file must grant this client to register under "
                + "its --fqdn"
        case 404, 405: return "\(said): is --proxy-url the URL of a PushProx proxy, with its path prefix?"
        case 407: return "\(said): the HTTP proxy of the environment asks for a user and password"
        default: return said + sentence
        }
    }
}
