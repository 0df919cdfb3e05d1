import Flags
import NIOCore
import Settings
import Wire

/// What the end of a poll means.
enum PollAnswer {
    /// A scrape to carry out.
    case scrape(PolledRequest)
    /// Something that claims to be a scrape and can't be carried out. With an id, the scraper can be told.
    case unreadable(id: String?, explanation: String)
    /// There was nothing to scrape for a while: 204, from our own proxy.
    case idle
    /// Something on the way ended a poll that had been open for long: nothing is wrong.
    case cutWhenIdle
    /// Another poll for this FQDN took this one's place: 408.
    case superseded
    /// The proxy can't take the poll now.
    case busy(retryAfter: TimeAmount?, explanation: String)
    /// The proxy, or something on the way to it, does not take what this client shows, or does not let it poll.
    case denied(String)
    /// No answer, or none that means anything here.
    case trouble(String)

    /// A poll that was open for so long and then ended without an answer was cut for being idle, as reverse proxies and load
    /// balancers do after 60 s or more.
    static let idleCut = TimeAmount.seconds(30)

    /// - Parameters:
    ///   - body: complete.
    ///   - openFor: how long the poll was open.
    ///   - secrets: values of fields of the poll; what answers may repeat them, and the log must not.
    init(_ head: ResponseHead, body: ByteBuffer, openFor: TimeAmount, hiding secrets: [Secret] = []) {
        switch head.status {
        case 200:
            do {
                self = .scrape(try PolledRequest(parsing: body, maxHeadBytes: ResponseParser.maxHeadBytes))
            } catch {
                self = .unreadable(id: error.id, explanation: error.explanation)
            }
        case 204: self = .idle
        case 408: self = .superseded
        case 502, 504:
            self =
                openFor > Self.idleCut
                ? .cutWhenIdle : .trouble("the poll was answered with status \(head.status): nothing answers behind it")
        case 503:
            let seconds = head.message.first("Retry-After").flatMap { Int64($0) }.map { min(max(0, $0), 86_400) }
            self = .busy(
                retryAfter: seconds.map { .seconds($0) }, explanation: "the proxy is busy or shutting down")
        case 401, 403, 407: self = .denied(Self.explain(head, Self.sentence(body, hiding: secrets)))
        default: self = .trouble(Self.explain(head, Self.sentence(body, hiding: secrets)))
        }
    }

    private static func explain(_ head: ResponseHead, _ sentence: String) -> String {
        let said = "the poll was answered with status \(head.status)"
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

    /// What the proxy says itself, on one line, unless it is a page.
    private static func sentence(_ body: ByteBuffer, hiding secrets: [Secret]) -> String {
        var line = String(String(buffer: body).prefix { !$0.isNewline })
        // Without its scheme: `Bearer `, `Basic `.
        for secret in secrets.compactMap({ $0.exposed.split(separator: " ").last }) {
            line = line.replacing(secret, with: "…")
        }
        let text = line.prefix(200)
        return text.isEmpty || text.hasPrefix("<") ? "" : ": \(String(text).withoutControls)"
    }
}
