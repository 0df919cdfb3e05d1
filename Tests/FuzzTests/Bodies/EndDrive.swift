import Failures
import NIOCore

@testable import Tunnel

/// What fuzzing needs of either end of a tunnel.
protocol DrivenEnd {
    var core: TunnelCore { get }
    mutating func received(_ bytes: ByteBuffer, at now: NIODeadline)
    mutating func takeOutput(atMost most: Int) -> ByteBuffer?
    mutating func timePassed(to now: NIODeadline)
    mutating func connectionLost()
    mutating func close(_ close: WebSocketClose, at now: NIODeadline)
    mutating func send(_ stream: TunnelStreamID, _ bytes: ByteBuffer)
    mutating func end(_ stream: TunnelStreamID)
    mutating func passedOn(_ stream: TunnelStreamID, _ bytes: Int, at now: NIODeadline)
    mutating func told(at now: NIODeadline) -> EndDrive<Self>.Told?
    /// What one of them can do and the other can't.
    mutating func own(_ stream: TunnelStreamID, _ choice: UInt8, at now: NIODeadline)
}

/// One end, and a driver that asks anything of it at any time.
struct EndDrive<End: DrivenEnd> {
    enum Told {
        case bytes(UInt32, Int)
        case over(UInt32)
        case other
        case closed
    }

    private var end: End
    private let isClient: Bool
    private var now = NIODeadline.uptimeNanoseconds(1)
    private var held: [UInt32: Int] = [:]
    private var over: Set<UInt32> = []
    private var isClosed = false
    private var reader: FrameReader

    init(_ end: End, isClient: Bool) {
        self.end = end
        self.isClient = isClient
        reader = FrameReader(isClient ? .server : .client)
    }

    mutating func run(_ pieces: [[UInt8]], _ calls: [UInt8]) throws(Violation) {
        for (index, piece) in pieces.enumerated() {
            try call(calls[index % calls.count] &+ UInt8(truncatingIfNeeded: index), index)
            end.received(ByteBuffer(bytes: piece), at: now)
            try hear()
        }
        end.connectionLost()
        try hear()
        try require(isClosed && end.core.isOver && end.core.streams.isEmpty, "a lost connection is not the end")
    }

    private mutating func call(_ choice: UInt8, _ index: Int) throws(Violation) {
        let stream = TunnelStreamID(UInt32(choice >> 4 & 3))
        switch choice & 15 {
        case 0: end.send(stream, ByteBuffer(repeating: choice, count: index * 100))
        case 1: end.end(stream)
        case 2, 3:
            end.passedOn(stream, held[stream.number] ?? 100, at: now)
            held[stream.number] = 0
        case 4: end.close(WebSocketClose(.goingAway), at: now)
        case 5, 6:
            now = now + .milliseconds(Int64(choice))
            end.timePassed(to: now)
        case 7, 8, 9:
            while let output = end.takeOutput(atMost: Int(choice) * 100) { try take(output) }
        default: end.own(stream, choice, at: now)
        }
        try hear()
    }

    private mutating func hear() throws(Violation) {
        while let told = end.told(at: now) {
            try require(!isClosed, "\(told) behind the end")
            switch told {
            case .bytes(let stream, let count):
                try require(!over.contains(stream), "bytes of stream \(stream), which is over")
                held[stream, default: 0] += count
                try require(held[stream, default: 0] <= TunnelSettings.maxWindow, "a window is too wide")
            case .over(let stream): try require(over.insert(stream).inserted, "stream \(stream) ended twice")
            case .closed: isClosed = true
            case .other: break
            }
        }
        try require(end.core.streams.count <= TunnelSettings.maxWindows, "too many streams")
        for stream in end.core.streams.values {
            try require(stream.incoming?.credit ?? 0 >= 0 && stream.outgoing?.credit ?? 0 >= 0, "credit is negative")
        }
    }

    private mutating func take(_ output: ByteBuffer) throws(Violation) {
        reader.receive(output)
        do {
            while try reader.nextEvent() != .needsMore {}
        } catch {
            throw Violation(description: "it wrote what can't be read: \(error)")
        }
    }
}

extension ProxyEnd: DrivenEnd {
    mutating func told(at now: NIODeadline) -> EndDrive<Self>.Told? {
        switch next(at: now) {
        case nil: nil
        case .data(let stream, let bytes): .bytes(stream.number, bytes.readableBytes)
        case .ended(let stream), .reset(let stream, _, _): .over(stream.number)
        case .hello, .connected, .sent, .roundTrip: .other
        case .closed: .closed
        }
    }

    mutating func own(_ stream: TunnelStreamID, _ choice: UInt8, at now: NIODeadline) {
        switch choice & 15 {
        case 10, 11: welcome(refused: [], at: now)
        case 12: drain()
        case 13: reset(stream)
        default:
            _ = open(choice & 1 == 0 ? .scrape : .connection, milliseconds: 5, at: now) {
                $0.writeString("GET /\r\n\r\n")
            }
        }
    }
}

extension ClientEnd: DrivenEnd {
    mutating func told(at now: NIODeadline) -> EndDrive<Self>.Told? {
        switch next(at: now) {
        case nil: nil
        case .data(let stream, let bytes): .bytes(stream.number, bytes.readableBytes)
        case .reset(let stream): .over(stream.number)
        case .welcome, .opened, .ended, .wantsMore, .drained, .roundTrip: .other
        case .closed: .closed
        }
    }

    mutating func own(_ stream: TunnelStreamID, _ choice: UInt8, at now: NIODeadline) {
        switch choice & 15 {
        case 10, 11: connected(stream)
        case 12: fail(stream, .targetBroken, "it broke off")
        default: hello(Hello(names: [], streams: Int(choice)))
        }
    }
}
