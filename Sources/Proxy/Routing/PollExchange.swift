import Clients
import NIOCore
import Web
import Wire

/// One `POST /poll`: reads the client's name, then waits for the broker to hand it a scrape.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop; what other threads may call (`deliver`, `end`)
/// hops there first. States: reading → parked → done; lost from any of them.
final class PollExchange: Exchange, DeliveryPort, @unchecked Sendable {
    private enum State {
        case reading(ByteBuffer)
        /// The id is `nil` only while the broker is being told of the poll.
        case parked(DeliveryID?)
        case done
        case lost
    }

    /// An FQDN with white space around it fits easily. Bytes.
    static let maxBody = 1024
    private static let tooLarge = "a poll's body is the client's FQDN: at most \(FQDN.maxBytes) bytes"

    /// What a client may send behind its poll while it waits; it has no reason to. Bytes.
    var maxPipelinedBytes: Int? { 512 }

    private let connection: ServerConnection
    private let loop: any EventLoop
    private let dispatcher: Dispatcher
    private let access: AccessDesk
    private let instance: InstanceID?
    private let agent: String?
    private let declaration: Result<Declaration, DeclarationProblem>
    private var state = State.reading(ByteBuffer())

    init(
        _ head: RequestHead, connection: ServerConnection, loop: any EventLoop, dispatcher: Dispatcher,
        access: AccessDesk, agents: AgentNames
    ) {
        self.connection = connection
        self.loop = loop
        self.dispatcher = dispatcher
        self.access = access
        self.instance = head.message.first(HeaderName.instance).flatMap { InstanceID($0) }
        self.agent = head.message.first("User-Agent").map { agents.shared($0.prefix(utf8Bytes: 200).withoutControls) }
        self.declaration = Self.declaration(head.message)
    }

    /// The answer to a poll whose head already announces too much.
    static func refusal(of head: RequestHead) -> Response? {
        .tooLarge(head, bytes: maxBody, tooLarge)
    }

    // MARK: Exchange

    func bodyArrived(_ bytes: ByteBuffer) {
        guard case .reading(var body) = state else { return }
        body.writeImmutableBuffer(bytes)
        if body.readableBytes > Self.maxBody {
            state = .done
            connection.respond(.text(413, Self.tooLarge, closes: true))
        } else {
            state = .reading(body)
        }
    }

    func bodyEnded() {
        guard case .reading(let body) = state else { return }
        guard let fqdn = FQDN(Self.trimmed(body)) else {
            state = .done
            connection.respond(
                .text(
                    400,
                    "a poll's body must be the client's FQDN: a host name of letters, digits, '-', '_' and '.', at most "
                        + "\(FQDN.maxBytes) bytes, or an IP address"))
            return
        }
        let declared: Declaration
        switch declaration {
        case .success(let found): declared = found
        case .failure(let problem):
            state = .done
            connection.respond(
                .text(400, "what this poll declares of \(fqdn.spelling) can't be taken: \(problem.explanation)"))
            return
        }
        let pass: Pass
        switch access.decide(connection.identity, .register, fqdn) {
        case .pass(let found): pass = found
        case .denied(let denial):
            state = .done
            dispatcher.denied(DeniedRequest(denial, address: connection.peerAddress))
            connection.respond(denial.response)
            return
        }
        state = .parked(nil)
        let delivery = dispatcher.deliveryArrived(
            self, by: pass, declaration: declared, instance: instance, agent: agent, address: connection.peerAddress)
        if case .parked(nil) = state { state = .parked(delivery) }
    }

    func connectionLost() {
        guard case .parked(let delivery) = state else {
            state = .lost
            return
        }
        state = .lost
        if let delivery { dispatcher.deliveryLeft(delivery) }
    }

    // MARK: DeliveryPort

    /// Answers with a scrape. If that fails, the broker hears of it and finds the scrape another poll.
    func deliver(_ delivered: Delivered<LivePorts>) {
        loop.nowOrLater { self.write(delivered) }
    }

    /// A poll is spent by what it takes.
    func withdraw(_ scrape: ScrapeID) {}

    /// Answers without a scrape.
    func end(_ why: DeliveryEnd) {
        loop.nowOrLater { self.write(why) }
    }
}

extension PollExchange {
    private func write(_ delivered: Delivered<LivePorts>) {
        // The connection may have been lost, or the poll ended, after the broker decided.
        guard case .parked = state else {
            dispatcher.deliveryFailed(delivered.scrape, delivered.delivery)
            return
        }
        state = .done
        var request = ByteBuffer()
        request.reserveCapacity(512)
        delivered.scraper.writeRequest(into: &request, spelling: delivered.client, by: .poll)
        var answer = connection.beginBuffer(status: 200, reserving: request.readableBytes + 128)
        answer.writeStaticString("Content-Type: application/octet-stream\r\nContent-Length: ")
        answer.writeString(String(request.readableBytes))
        answer.writeStaticString("\r\n")
        connection.writeConnectionField(into: &answer)
        answer.writeStaticString("\r\n")
        answer.writeBuffer(&request)
        let written = loop.makePromise(of: Void.self)
        let held = answer.readableBytes
        connection.write(answer, promise: written)
        written.futureResult.assumeIsolated().whenComplete { [dispatcher, connection] result in
            connection.wrote(held)
            if case .failure = result { dispatcher.deliveryFailed(delivered.scrape, delivered.delivery) }
        }
        connection.holds(held)
        connection.finish(status: 200)
    }

    private func write(_ why: DeliveryEnd) {
        guard case .parked = state else { return }
        state = .done
        switch why {
        case .superseded:
            connection.respond(.text(408, "a newer poll of the same client took this one's place"))
        case .clash:
            connection.respond(
                .text(408, "another client polls with the same FQDN; give each its own --fqdn"))
        case .idle: connection.respond(Response(status: 204, contentType: nil, body: []))
        case .shuttingDown:
            connection.respond(
                .text(503, "the proxy is shutting down", fields: [("Retry-After", "1")], closes: true))
        case .denied:
            connection.respond(.text(403, "the access rules do not allow this client its name any more"))
        case .tooManyClients:
            connection.respond(
                .text(503, "too many clients (--registration.max-clients)", fields: [("Retry-After", "30")]))
        }
    }

    /// What the client says about its name. Costs a look for the fields where it says nothing.
    private static func declaration(_ head: MessageHead) -> Result<Declaration, DeclarationProblem> {
        let labels = values(HeaderName.label, in: head, atMost: Declaration.maxLabels)
        let targets = values(HeaderName.target, in: head, atMost: Declaration.maxTargets)
        return Result { () throws(DeclarationProblem) in
            try Declaration(labelTexts: labels, targetTexts: targets)
        }
    }

    /// One more than there may be is enough to refuse them.
    private static func values(_ name: String, in head: MessageHead, atMost most: Int) -> [String] {
        var values: [String] = []
        head.forEachValue(name) { value in
            values.append(String(decoding: value, as: UTF8.self))
            return values.count <= most
        }
        return values
    }

    /// The body without the white space around it.
    private static func trimmed(_ body: ByteBuffer) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var view = body.readableBytesView[...]
        while let first = view.first, isSpace(first) { view = view.dropFirst() }
        while let last = view.last, isSpace(last) { view = view.dropLast() }
        return String(decoding: view, as: UTF8.self)
    }
}
