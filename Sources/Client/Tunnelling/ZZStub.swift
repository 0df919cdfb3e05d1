import Failures
import NIOCore
import Tunnel
struct TunnelStreamID: Hashable, CustomStringConvertible { var rawValue: UInt32; var description: String { "\(rawValue)" } }
struct Hello { var instance: String, agent: String, maxStreams: Int, fqdns: [String] }
struct Welcome { var refused: [(String, String)] }
enum OpenedRequest { case request(ByteBuffer), connect(host: String, port: Int) }
enum TunnelClosing { case silent }
extension TunnelFailure { init(_ c: TunnelClosing) { self = .superseded } }
struct ClientEnd {
    enum Event { case welcome(Welcome), opened(TunnelStreamID, UInt32, OpenedRequest), data(TunnelStreamID, ByteBuffer), ended(TunnelStreamID), reset(TunnelStreamID, String), wantsMore(TunnelStreamID), finished(TunnelStreamID), drained, roundTrip(TimeAmount), closed(TunnelClosing) }
    init(at: NIODeadline) {}
    mutating func hello(_: Hello) {}
    mutating func received(_: ByteBuffer, at: NIODeadline) {}
    mutating func next(at: NIODeadline) -> Event? { nil }
    mutating func takeOutput(atMost: Int, at: NIODeadline) -> ByteBuffer? { nil }
    mutating func timePassed(at: NIODeadline) {}
    var nextDeadline: NIODeadline? { nil }
    mutating func connectionLost(at: NIODeadline) {}
    mutating func send(_: TunnelStreamID, _: ByteBuffer) {}
    mutating func end(_: TunnelStreamID) {}
    mutating func fail(_: TunnelStreamID, _: FailureKind, _: String) {}
    mutating func connected(_: TunnelStreamID) {}
    mutating func passedOn(_: TunnelStreamID, _: Int) {}
    mutating func close(_: WebSocketClose) {}
    func pendingBytes(_: TunnelStreamID) -> Int { 0 }
}
