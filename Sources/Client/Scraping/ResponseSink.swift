import Failures
import NIOCore
import Wire

/// Where the response of one scrape goes, whatever carries it to the proxy: a push, or a stream of a tunnel.
///
/// Legal order of calls: `begin`, any number of `write` and `flush`, `end`. In place of any of them, once, `fail` or `cancel`. Each sink
/// closes exactly once, but for one that is cancelled. Confined to the client's event loop.
protocol ResponseSink: AnyObject {
    /// What the scrape is called in logs.
    var scrapeID: String { get }
    /// Held weakly.
    var delegate: (any ResponseSinkDelegate)? { get set }

    /// The head of the target's response.
    ///
    /// - Parameters:
    ///   - isChunked: whether the body that follows is in chunked transfer coding.
    ///   - deadline: the scrape's.
    func begin(_ head: ResponseHead, isChunked: Bool, deadline: NIODeadline)
    /// A slice of the body as it came from the target. Never refused: what `wantsMore` says is a wish.
    func write(_ slice: ByteBuffer)
    /// All that one read brought has been written.
    func flush()
    /// The response is complete.
    func end()
    /// There is no response, or no more of it. Reported where nothing of the response has been sent; else what was sent is cut off, so that
    /// nobody takes it for whole.
    ///
    /// - Parameters:
    ///   - text: one sentence for whoever reads the scrape's error.
    ///   - deadline: by when the report must be delivered.
    func fail(_ failure: FailureKind, _ text: String, deadline: NIODeadline)
    /// Nothing more is sent; what was sent is cut off. The delegate hears no more.
    func cancel()

    /// Whether the sink takes more without piling it up.
    var wantsMore: Bool { get }
}

/// What a sink tells the scrape that fills it. Every call arrives on the client's event loop; after `sinkClosed` no other comes.
protocol ResponseSinkDelegate: AnyObject {
    /// The response is on its way: a failure can hardly be reported in its place any more.
    func sinkBegan()
    /// The sink, which wanted no more, does again.
    func sinkWantsMore()
    /// The other end has all that the sink was given, or the sink was lost.
    ///
    /// - Parameter error: why the other end does not have it; `nil` where it does, and where a failure has cut the response off.
    func sinkClosed(error: String?)
}
