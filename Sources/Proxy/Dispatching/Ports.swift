import Failures
import NIOCore
import Wire

/// A scrape, at the scraper's end. All of it may be called on any thread.
protocol ScrapePort: AnyObject, Sendable {
    var id: ScrapeID { get }
    /// Whom it is for.
    var fqdn: FQDN { get }
    var isHead: Bool { get }
    /// As people may see it (`ScrapeRequest.targetWithoutQuery`).
    var targetWithoutQuery: String { get }
    /// When it fails unless its response is complete.
    var deadline: NIODeadline { get }
    /// Bytes of the body that the scraper was sent so far.
    var sentBytes: Int { get }

    /// Writes the request as a client gets it, with the time that is left now.
    ///
    /// - Parameter spelling: The client's own spelling of its name.
    func writeRequest(into buffer: inout ByteBuffer, spelling: FQDN)
    /// Writes a part of the response. The source is told when the part has gone to the socket, or that nobody wants it.
    func relay(_ part: RelayPart, from source: any ResponseSource)
    /// The scrape has failed: answers, or aborts the connection if part of a response is out.
    func fail(_ kind: FailureKind, detail: String)
}

/// What takes scrapes to a client. All of it may be called on any thread.
protocol DeliveryPort: AnyObject, Sendable {
    /// Takes a scrape to the client; if that fails, `Dispatcher.deliveryFailed` has to hear of it.
    func deliver(_ delivered: Delivered<LivePorts>)
    /// Nothing more comes.
    func end(_ why: DeliveryEnd)
}

/// Where a response comes from. All of it may be called on any thread.
protocol ResponseSource: AnyObject, Sendable {
    /// So many bytes (`RelayPart.heldBytes`) have gone to the scraper's socket.
    func relayed(_ bytes: Int)
    /// Nobody wants the rest.
    func abandon()
}

/// The ends that the broker of the running program hands around.
enum LivePorts: BrokerPorts {
    typealias Scraper = any ScrapePort
    typealias Delivery = any DeliveryPort
    typealias Source = any ResponseSource
    typealias Holder = Visitor

    /// The same identity, which may be a client of this name: one identity may stand for many machines.
    static func mayAnswer(_ pusher: Visitor?, for name: FQDN, handedTo holder: Visitor?) -> Bool {
        guard let pusher, let holder else { return pusher == nil && holder == nil }
        if pusher === holder || pusher.caller.mayDoTheSame(as: holder.caller) { return true }
        guard pusher.caller.identity == holder.caller.identity else { return false }
        return if case .pass = pusher.desk.decide(pusher, .register, name) { true } else { false }
    }
}
