import NIOCore
import TestKit

@testable import Failures
@testable import Tunnel
@testable import Wire

/// An event of either end, as a value to compare.
enum Note: Equatable {
    case hello(Hello)
    case welcome(Welcome)
    case opened(UInt32, isConnection: Bool, milliseconds: UInt32, String)
    case connected(UInt32)
    case data(UInt32, [UInt8])
    case ended(UInt32)
    case reset(UInt32, FailureKind? = nil, String = "")
    case wantsMore(UInt32)
    case sent(UInt32, Int)
    case drained
    case roundTrip(TimeAmount)
    case closed(TunnelClosing)
}

/// What the tests need of either end.
protocol TestedEnd {
    static var sendsMasked: Bool { get }
    var isOver: Bool { get }
    var nextDeadline: NIODeadline? { get }
    mutating func received(_ bytes: ByteBuffer, at now: NIODeadline)
    mutating func note(at now: NIODeadline) -> Note?
    mutating func takeOutput(atMost most: Int) -> ByteBuffer?
    mutating func timePassed(to now: NIODeadline)
    mutating func connectionLost()
    mutating func close(_ close: WebSocketClose, at now: NIODeadline)
    mutating func send(_ stream: TunnelStreamID, _ bytes: ByteBuffer)
    mutating func end(_ stream: TunnelStreamID)
    mutating func passedOn(_ stream: TunnelStreamID, _ bytes: Int, at now: NIODeadline)
    mutating func giveUp(_ stream: TunnelStreamID)
    func waiting(_ stream: TunnelStreamID) -> Int
    var streamCount: Int { get }
}

extension ProxyEnd: TestedEnd {
    static let sendsMasked = false

    func waiting(_ stream: TunnelStreamID) -> Int { core.waiting(stream) }

    mutating func giveUp(_ stream: TunnelStreamID) { reset(stream) }

    mutating func note(at now: NIODeadline) -> Note? {
        switch next(at: now) {
        case nil: nil
        case .hello(let hello): .hello(hello)
        case .connected(let stream): .connected(stream.number)
        case .data(let stream, let bytes): .data(stream.number, Array(bytes.readableBytesView))
        case .ended(let stream): .ended(stream.number)
        case .reset(let stream, let kind, let text): .reset(stream.number, kind, text)
        case .sent(let stream, let bytes): .sent(stream.number, bytes)
        case .roundTrip(let time): .roundTrip(time)
        case .closed(let how): .closed(how)
        }
    }
}

extension ClientEnd: TestedEnd {
    static let sendsMasked = true

    mutating func giveUp(_ stream: TunnelStreamID) { fail(stream, .targetUnreachable, "it was given up") }

    mutating func note(at now: NIODeadline) -> Note? {
        switch next(at: now) {
        case nil: nil
        case .welcome(let welcome): .welcome(welcome)
        case .opened(let stream, let isConnection, let milliseconds, let request):
            .opened(
                stream.number, isConnection: isConnection, milliseconds: milliseconds, String(buffer: request))
        case .data(let stream, let bytes): .data(stream.number, Array(bytes.readableBytesView))
        case .ended(let stream): .ended(stream.number)
        case .reset(let stream): .reset(stream.number)
        case .wantsMore(let stream): .wantsMore(stream.number)
        case .drained: .drained
        case .roundTrip(let time): .roundTrip(time)
        case .closed(let how): .closed(how)
        }
    }
}

/// One end, with bytes of the test's own making at the other side.
struct Bench<End: TestedEnd> {
    var end: End
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// What the end tells after these frames came, in one piece.
    mutating func receive(_ frames: WireFrame...) -> [Note] { receive(frames) }

    mutating func receive(_ frames: [WireFrame]) -> [Note] {
        receive(bytes: frames.flatMap { $0.bytes(key: End.sendsMasked ? nil : [1, 2, 3, 4]) })
    }

    mutating func receive(bytes: [UInt8]) -> [Note] {
        end.received(ByteBuffer(bytes: bytes), at: now)
        return notes()
    }

    mutating func notes() -> [Note] {
        var notes: [Note] = []
        while let note = end.note(at: now) { notes.append(note) }
        return notes
    }

    /// All that the end has to write.
    mutating func output(atMost most: Int = .max) -> [WireFrame] {
        var bytes: [UInt8] = []
        while bytes.count < most, let more = end.takeOutput(atMost: min(most, 65_536)) {
            bytes += Array(more.readableBytesView)
        }
        return WireFrame.all(bytes, isMasked: End.sendsMasked)
    }

    mutating func pass(_ time: TimeAmount) -> [Note] {
        now = now + time
        end.timePassed(to: now)
        return notes()
    }
}

typealias ProxyBench = Bench<ProxyEnd>
typealias ClientBench = Bench<ClientEnd>

let scrape = "GET http://a/metrics HTTP/1.1\r\n\r\n"
let connect = "CONNECT a:443 HTTP/1.1\r\n\r\n"

extension TunnelStreamID: ExpressibleByIntegerLiteral {
    public init(integerLiteral number: UInt32) { self.init(number) }
}

extension Bench<ProxyEnd> {
    /// Greeted, its first output taken.
    init(_ settings: TunnelSettings = TunnelSettings(), streams: Int = 100) {
        end = ProxyEnd(settings, at: now)
        _ = receive(.hello("Fqdn: a\r\nMax-Streams: \(streams)\r\n"))
        end.welcome(refused: [], at: now)
        _ = output()
    }

    mutating func open(_ purpose: ProxyEnd.Purpose = .scrape) -> TunnelStreamID? {
        end.open(purpose, milliseconds: 10_000, at: now) { $0.writeString(purpose == .scrape ? scrape : connect) }
    }
}

extension Bench<ClientEnd> {
    /// Greeted, its first output taken.
    init(streams: Int = 100, welcome: WireFrame = .welcome()) {
        end = ClientEnd(
            TunnelSettings(), hello: Hello(names: [], streams: streams), keys: Seeded(1), at: now)
        _ = output()
        _ = receive(welcome)
    }
}

func closes(_ frames: [WireFrame], _ code: UInt16 = 1002) -> Bool {
    if case .close(code, _)? = frames.last {
        frames.dropLast().allSatisfy { if case .close = $0 { false } else { true } }
    } else {
        false
    }
}
