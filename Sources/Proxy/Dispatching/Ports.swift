import Clients
import Failures
import NIOCore
import Wire

/// A scrape, at the scraper's end. All of it may be called on any thread.
protocol ScrapePort: AnyObject, Sendable {
    var id: ScrapeID { get }
    /// Whom it is for.
    var fqdn: FQDN { get }
    /// `connection` of a `ConnectPort`, and of nothing else.
    var kind: ScrapeKind { get }
    var isHead: Bool { get }
    /// As people may see it (`ScrapeRequest.targetWithoutQuery`).
    var targetWithoutQuery: String { get }
    /// When it fails unless its response is complete.
    var deadline: NIODeadline { get }
    /// Bytes of the body that the scraper was sent so far.
    var sentBytes: Int { get }

    /// Writes the request as a client gets it, with the time that is left now.
    ///
    /// - Parameters:
    ///   - spelling: The client's own spelling of its name.
    ///   - transport: What takes it there: a stream of a tunnel needs no `Id`.
    func writeRequest(into buffer: inout ByteBuffer, spelling: FQDN, by transport: Transport)
    /// Writes a part of the response. The source is told when the part has gone to the socket, or that nobody wants it.
    func relay(_ part: RelayPart, from source: any ResponseSource)
    /// The scrape has failed: answers, or aborts the connection if part of a response is out.
    func fail(_ kind: FailureKind, detail: String)
}

/// What takes scrapes to a client. All of it may be called on any thread, and what is called from several may overtake each other. Any of it
/// may come before `Dispatcher.deliveryArrived` has returned.
protocol DeliveryPort: AnyObject, Sendable {
    /// Takes a scrape to the client; if that fails, `Dispatcher.deliveryFailed` has to hear of it, and nothing else comes here.
    ///
    /// It may have been withdrawn already, where the scraper's event loop is not this port's. A tunnel asks
    /// `Dispatcher.isWithDelivery` on its own loop before it opens a stream: if the answer is no, nobody wants the scrape; if it is yes,
    /// a withdrawal comes later.
    func deliver(_ delivered: Delivered<LivePorts>)
    /// A scrape that it was handed has ended before there was any answer to it. Once for each such scrape, to tunnels alone, those that
    /// were ended too. One that the port does not know means nothing: see `deliver`.
    func withdraw(_ scrape: ScrapeID)
    /// Nothing more comes. What was handed to it before goes on.
    func end(_ why: DeliveryEnd)
}

/// Where a response comes from. All of it may be called on any thread.
protocol ResponseSource: AnyObject, Sendable {
    /// So many bytes (`RelayPart.heldBytes`) have gone to the scraper's socket.
    func relayed(_ bytes: Int)
    /// Nobody wants the rest.
    func abandon()
}

/// One end of a connection, as the other end knows it. All of it may be called on any thread; one end calls the other from its own event
/// loop alone, so what it says arrives in order. Neither waits for the other: bytes that come here are held until they are taken.
protocol ConnectEnd: AnyObject, Sendable {
    /// Bytes of the other end, which they go out behind all before. Is answered by `taken`, on the other end, as they do.
    func take(_ bytes: ByteBuffer)
    /// The other end sends nothing more: half of the connection is done. What it has been given before goes out first.
    func takeEnd()
    /// So many of the bytes that this end has given have gone out on the other side. This end gives no more than its bound (64 KiB, or
    /// the window of a stream) beyond what was taken, and does not read its peer meanwhile.
    func taken(_ bytes: Int)
}

/// A CONNECT, at the scraper's end: the broker's `Scraper`, of the kind `connection`.
///
/// States: waiting → open → done. It knows its client's end from `opened` until it is done, and is known by the broker until that has been
/// told of the end: `connectionEnded` when it has passed on both ends and has been told `taken` of all that it gave,
/// `connectionIdle` when nothing has passed for too long, `scraperLeft` when its socket is lost, in any state.
protocol ConnectPort: ScrapePort, ConnectEnd {
    /// Bytes that have come from the scraper and gone out on the client's end so far. Those of the other way are `sentBytes`.
    var takenBytes: Int { get }

    /// The client has connected: the scraper is answered 200, and bytes pass both ways. If it is done already, it aborts the source.
    ///
    /// `fail` ends it in either state: by an answer as long as it waits, by a reset when it is open.
    func opened(_ source: any ConnectSource)
    /// The proxy shuts down, which waits for what is under way: from now on it counts as idle after a second. May come before `opened`.
    func windUp()
}

extension ConnectPort {
    var kind: ScrapeKind { .connection }
    var isHead: Bool { false }
    /// The broker finds no CONNECT for a response.
    func relay(_ part: RelayPart, from source: any ResponseSource) { source.abandon() }
}

/// A connection, at the client's end: a stream of a tunnel.
///
/// When the client has connected it says so to `Dispatcher.connectionOpened`, and calls `opened` of the port that it gets; if it gets none,
/// nobody waits any more, and it resets its stream. What ends it early on the client's side goes to `connectionBroke`, whether it is open or not;
/// a tunnel that is lost returns what is not open yet (`deliveryLeft`) and says `connectionBroke` for the rest. It knows its port from
/// `connectionOpened` until it is over.
protocol ConnectSource: ConnectEnd {
    /// It is over, whatever is still on its way: the stream is reset, unless it has ended. Does nothing when it is called again, or late.
    func abort()
}

/// The ends that the broker of the running program hands around.
enum LivePorts: BrokerPorts {
    typealias Scraper = any ScrapePort
    typealias Delivery = any DeliveryPort
    typealias Source = any ResponseSource
    typealias Connection = any ConnectSource
    typealias Holder = Visitor

    /// The same identity, which may be a client of this name: one identity may stand for many machines.
    static func mayAnswer(_ pusher: Visitor?, for name: FQDN, handedTo holder: Visitor?) -> Bool {
        guard let pusher, let holder else { return pusher == nil && holder == nil }
        if pusher === holder || pusher.caller.mayDoTheSame(as: holder.caller) { return true }
        guard pusher.caller.identity == holder.caller.identity else { return false }
        return if case .pass = pusher.desk.decide(pusher, .register, name) { true } else { false }
    }
}

extension ConnectionEnd where Ports == LivePorts {
    /// What has been passed on, each way.
    var bytes: (toTarget: Int, toScraper: Int) {
        ((scraper as? any ConnectPort)?.takenBytes ?? 0, scraper.sentBytes)
    }
}
