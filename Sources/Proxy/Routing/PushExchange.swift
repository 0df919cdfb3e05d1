import NIOCore
import Store
import Web
import Wire

/// One `POST /push`: finds the scrape that it answers and relays the response inside, as it comes, to the scraper.
///
/// What one read brings goes on in one piece. At most `highWater` bytes are on their way to the scraper's socket before this
/// side stops reading, so a slow scraper slows the client, whatever the size of the response.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop; what other threads may call (`relayed`,
/// `abandon`) hops there first. States: head (the response's head is not complete) → relaying, or reporting (the client failed,
/// and says why) → done.
final class PushExchange: Exchange, @unchecked Sendable {
    private enum State {
        case head
        case relaying(ScrapeID, ScrapeExchange)
        /// The whole response has been handed on; what the push still brings is skipped.
        case relayed
        case reporting(ScrapeID, FailureKind, text: ByteBuffer)
        case done
    }

    /// Memory under way to the scraper, in bytes (`RelayPart.heldBytes`), at which reading stops, and down to which it resumes.
    /// With one read of at most 128 KiB (`ReceiveBuffers.largest`) on top, a scrape holds no more than 192 KiB.
    static let highWater = 65_536
    static let lowWater = 32_768
    /// The most of a client's own failure text that is kept; bytes.
    static let maxReport = 400

    private let connection: ServerConnection
    private let loop: any EventLoop
    private let dispatcher: Dispatcher
    private var state = State.head
    private var parser: PushedResponseParser
    private var gathered = RelayPart()
    private var underWay = 0
    /// Handed on to the scraper so far.
    private var sent: SentPart?

    init(connection: ServerConnection, loop: any EventLoop, dispatcher: Dispatcher, maxHeadBytes: Int) {
        self.connection = connection
        self.loop = loop
        self.dispatcher = dispatcher
        self.parser = PushedResponseParser(maxHeadBytes: maxHeadBytes)
    }

    // MARK: Exchange

    func bodyArrived(_ bytes: ByteBuffer) {
        if case .done = state { return }
        parser.receive(bytes)
        do throws(PushedResponseParser.Failure) {
            while true {
                switch try parser.next() {
                case .head(let head):
                    guard accept(head) else { return }
                case .body(let slice): take(slice)
                case .end: gathered.isLast = true
                case .needsMore: return
                }
            }
        } catch {
            refuse(error)
        }
    }

    func bodyEnded() {
        if case .done = state { return }
        do throws(PushedResponseParser.Failure) {
            if try parser.finish() { gathered.isLast = true }
        } catch {
            refuse(error)
            return
        }
        if case .reporting(let id, let kind, let text) = state {
            state = .done
            dispatcher.responseBroke(id, kind, detail: Self.line(text))
        } else {
            relayGathered()
            state = .done
        }
        connection.respond(Response(status: 200, contentType: nil, body: []))
    }

    func readBatchEnded() { relayGathered() }

    func connectionLost() {
        switch state {
        case .head, .relayed, .done: break
        case .relaying(let id, _):
            dispatcher.responseBroke(
                id, .pushBroken, detail: "the client's connection was lost", sent: sent)
        case .reporting(let id, let kind, let text):
            dispatcher.responseBroke(id, kind, detail: Self.line(text))
        }
        state = .done
    }

    // MARK: From the scraper and the broker, on any thread

    /// So many bytes (`RelayPart.heldBytes`) have gone to the scraper's socket.
    func relayed(_ bytes: Int) {
        onLoop {
            guard case .relaying = self.state else { return }
            self.underWay -= bytes
            if self.underWay <= Self.lowWater { self.connection.setReading(paused: false) }
        }
    }

    /// Nobody wants the rest.
    func abandon() {
        onLoop {
            switch self.state {
            case .relayed, .done: return
            case .head, .relaying, .reporting: break
            }
            self.state = .done
            self.connection.respond(.text(500, "the scrape was given up before its response was complete"))
        }
    }

    private func onLoop(_ work: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { work() } else { loop.execute(work) }
    }
}

extension PushExchange {
    /// - Returns: Whether there is a scrape to relay to.
    private func accept(_ head: PushedResponseHead) -> Bool {
        guard let text = head.id else {
            state = .done
            connection.respond(.text(400, "the pushed response has no Id field"))
            return false
        }
        let failure = Self.reportedFailure(head)
        guard let id = ScrapeID(text),
            case .relay(let scraper) = dispatcher.responseBegan(
                id, status: failure == nil ? head.status : nil, push: self)
        else {
            state = .done
            connection.respond(
                .text(404, "nobody waits for this scrape: it was given up, answered already, or never asked for"))
            return false
        }
        // The scrape's deadline bounds this request from here on.
        connection.stopClock()
        if let failure {
            state = .reporting(id, failure, text: ByteBuffer())
        } else {
            if scraper.request.isHead { parser.expectNoBody() }
            state = .relaying(id, scraper)
            gathered.head = head
        }
        return true
    }

    private func take(_ slice: ByteBuffer) {
        switch state {
        case .relaying: gathered.body.append(slice)
        case .reporting(let id, let kind, var text):
            let room = Self.maxReport - text.readableBytes
            if let part = slice.getSlice(at: slice.readerIndex, length: min(room, slice.readableBytes)) {
                text.writeImmutableBuffer(part)
            }
            state = .reporting(id, kind, text: text)
        case .head, .relayed, .done: break
        }
    }

    private func relayGathered() {
        guard case .relaying(_, let scraper) = state, !gathered.isEmpty else { return }
        let part = gathered
        gathered = RelayPart()
        if part.isLast {
            state = .relayed
            // Nobody's deadline bounds this request any more, and nothing of it needs holding back.
            connection.resumeClock()
            connection.setReading(paused: false)
        }
        underWay += part.heldBytes
        if let head = part.head { sent = SentPart(status: head.status, bytes: 0) }
        sent?.bytes += part.bodyBytes
        if !part.isLast && underWay > Self.highWater { connection.setReading(paused: true) }
        scraper.relay(part, from: self)
    }

    /// The push is no response, or not a whole one.
    private func refuse(_ failure: PushedResponseParser.Failure) {
        let kind: FailureKind =
            switch failure {
            case .malformedHead, .endedInHead: .badPush
            case .malformedBody, .endedInBody: .pushBroken
            }
        switch state {
        case .head:
            // The scrape may still be told, if the push at least says whose it is.
            if let id = parser.salvagedID.flatMap({ ScrapeID($0) }),
                case .relay = dispatcher.responseBegan(id, status: nil, push: self)
            {
                dispatcher.responseBroke(id, kind, detail: failure.explanation)
            }
        case .relaying(let id, _):
            relayGathered()
            dispatcher.responseBroke(id, kind, detail: failure.explanation, sent: sent)
        case .reporting(let id, let kind, let text):
            dispatcher.responseBroke(id, kind, detail: Self.line(text))
        case .relayed, .done: return
        }
        state = .done
        connection.respond(.text(400, failure.explanation))
    }

    /// Why the client says that it failed itself; `nil` for a target's answer.
    private static func reportedFailure(_ head: PushedResponseHead) -> FailureKind? {
        if let reported = head.failure { return FailureKind(reported: reported) }
        return head.isUpstreamFailure ? .scrapeFailed : nil
    }

    private static func line(_ text: ByteBuffer) -> String {
        String(decoding: text.readableBytesView, as: UTF8.self).withoutControls.trimmingSpaces()
    }
}

extension FailureKind {
    /// The kinds that a client may report of itself; anything else it says is `scrapeFailed`.
    init(reported: String) {
        switch FailureKind(rawValue: reported) {
        case .targetUnreachable: self = .targetUnreachable
        case .targetTimeout: self = .targetTimeout
        case .targetBroken: self = .targetBroken
        case .targetRefused: self = .targetRefused
        default: self = .scrapeFailed
        }
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        var part = self[...]
        while part.first == " " { part = part.dropFirst() }
        while part.last == " " { part = part.dropLast() }
        return String(part)
    }
}
