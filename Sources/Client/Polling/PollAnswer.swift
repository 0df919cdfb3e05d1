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
        let words = ProxyWords(head, body: body, hiding: secrets)
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
            self = .busy(retryAfter: words.retryAfter, explanation: "the proxy is busy or shutting down")
        case 401, 403, 407: self = .denied(words.explanation(of: "the poll"))
        default: self = .trouble(words.explanation(of: "the poll"))
        }
    }
}
