import Failures
import NIOCore
import Tunnel

/// What one stream of a tunnel is at this end: a scrape's response on its way, or a connection.
///
/// After `reset` nothing else is heard. Confined to the client's event loop.
protocol TunnelStream: AnyObject {
    /// Bytes of the proxy's. A response has nothing to do with any.
    func received(_ bytes: ByteBuffer)
    /// The proxy sends no more.
    func proxyEnded()
    /// What the stream had to send is nearly gone.
    func becameHungry()
    /// All that the stream had to send has gone out, its end too.
    func finished()
    /// The stream is over: the proxy has no more use for it, or the tunnel is gone.
    func reset(_ explanation: String)
}

/// Where the bytes of streams go: the tunnel that they belong to.
protocol TunnelOutlet: AnyObject {
    /// Bytes that wait to be sent on a stream; above `TunnelSettings.highWater` its source is to pause.
    func pendingBytes(of stream: TunnelStreamID) -> Int
    func send(_ bytes: ByteBuffer, on stream: TunnelStreamID)
    /// Nothing more is sent.
    func end(_ stream: TunnelStreamID)
    /// Gives the stream up, and says why. It hears no more.
    func fail(_ stream: TunnelStreamID, _ failure: FailureKind, _ text: String)
}
