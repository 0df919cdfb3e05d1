import NIOCore
import Wire

/// Serves one request: made by a `Router` when the request has been admitted, told of the body as it comes, gone when it has answered
/// through its connection, or when the connection is lost.
///
/// Every call arrives on the connection's event loop. An exchange may answer in any of them, and at any later time.
public protocol Exchange: AnyObject {
    /// A slice of the request's body, in order.
    func bodyArrived(_ bytes: ByteBuffer)
    /// The request is complete.
    func bodyEnded()
    /// All that one read from the socket brought has been handed over: what was gathered can go on in one piece.
    func readBatchEnded()
    /// The connection closed before `finish` was called. Nothing more is called afterwards.
    func connectionLost()
    /// The most bytes that the peer may send behind this request while it waits for its answer; one that sends more is answered
    /// 400, and its connection ends. `nil` where further bytes are left in the socket instead: then nobody can see whether the
    /// peer has left, so what waits must end by itself in bounded time.
    var maxPipelinedBytes: Int? { get }
}

extension Exchange {
    public func bodyArrived(_ bytes: ByteBuffer) {}
    public func bodyEnded() {}
    public func readBatchEnded() {}
    public func connectionLost() {}
    public var maxPipelinedBytes: Int? { nil }
}

/// Told how each request of a route ended.
public protocol RequestObserver: AnyObject, Sendable {
    /// - Parameter duration: From the request's head to the end of the response.
    func requestEnded(status: Int, after duration: TimeAmount)
}
