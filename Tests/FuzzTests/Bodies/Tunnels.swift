import NIOCore

@testable import Tunnel
@testable import Wire

extension FuzzBody {
    /// `FrameReader` at either end: the same in one piece and in pieces, within bounds, and what it read written and read again.
    static let frames = FuzzBody(name: "frames") { bytes in
        var input = FuzzInput(bytes)
        let role: WebSocketRole = input.choice() & 1 == 0 ? .client : .server
        let cuts = input.cuts()
        let whole = FrameReading([input.message], role)
        let cut = FrameReading(input.message.pieces(of: cuts), role)
        try require(whole.events == cut.events, "in one piece: \(whole.events); in pieces: \(cut.events)")
        try require(whole.failure == cut.failure, "\(whole.failure as Any), in pieces \(cut.failure as Any)")
        if let failure = whole.failure { try require(!failure.explanation.isEmpty, "\(failure) can't be told") }

        var writer = FrameWriter(role == .client ? .server : .client, keys: nil)
        var output = ByteBuffer()
        var frames: [FrameReader.Event] = []
        for case .frame(let frame) in whole.events {
            try require(frame.payloadBytes <= input.message.count, "\(frame) came out of nothing")
            // Fragments of one message may be more than one holds.
            if case .data = frame, frame.payloadBytes > FrameReader.maxPayload { continue }
            writer.write(frame, into: &output)
            frames.append(.frame(frame))
        }
        let again = FrameReading([Array(output)], role)
        try require(again.failure == nil, "written and read: \(again.failure as Any)")
        try require(again.events == FrameReading.joined(frames), "written and read as \(again.events)")
    }

    /// An end that is given arbitrary bytes and calls: it never traps, holds no more than its windows, tells of each stream's end once, closes once,
    /// and writes what an honest reader takes.
    static let tunnels = FuzzBody(name: "tunnels") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let cuts = input.cuts()
        let calls = [input.choice(), input.choice(), input.choice(), input.choice(), input.choice()]
        var settings = TunnelSettings()
        settings.window = [1, 100, 65_536, .max][Int(options >> 1 & 3)]
        settings.pingInterval = .milliseconds(Int64(options >> 3))
        if options & 1 == 0 {
            var drive = EndDrive(ProxyEnd(settings, at: .uptimeNanoseconds(1)), isClient: false)
            try drive.run(input.message.pieces(of: cuts), calls)
        } else {
            let hello = Hello(names: FQDN("a").map { [$0] } ?? [], streams: Int(options))
            var drive = EndDrive(
                ClientEnd(settings, hello: hello, keys: SecretBits(), at: .uptimeNanoseconds(1)), isClient: true)
            try drive.run(input.message.pieces(of: cuts), calls)
        }
    }
}

extension TunnelFrame {
    fileprivate var payloadBytes: Int {
        switch self {
        case .hello(let bytes), .welcome(let bytes), .data(_, let bytes), .reset(_, let bytes), .open(_, _, let bytes):
            bytes.readableBytes
        case .end, .window, .drain: 0
        }
    }
}

private struct FrameReading {
    private(set) var events: [FrameReader.Event] = []
    private(set) var failure: TunnelFailure?

    init(_ pieces: [[UInt8]], _ role: WebSocketRole) {
        var reader = FrameReader(role)
        var events: [FrameReader.Event] = []
        for piece in pieces where failure == nil {
            reader.receive(ByteBuffer(bytes: piece))
            do throws(TunnelFailure) {
                while true {
                    let event = try reader.nextEvent()
                    if event == .needsMore { break }
                    events.append(event)
                }
            } catch {
                failure = error
            }
        }
        self.events = Self.joined(events)
    }

    /// Where pieces of a stream end is not promised, nor is where messages do; those that are empty say nothing.
    static func joined(_ events: [FrameReader.Event]) -> [FrameReader.Event] {
        var joined: [FrameReader.Event] = []
        for event in events {
            if case .frame(.data(let stream, let more)) = event, case .frame(.data(stream, var bytes))? = joined.last {
                bytes.writeImmutableBuffer(more)
                joined[joined.count - 1] = .frame(.data(stream, bytes))
            } else {
                joined.append(event)
            }
        }
        return joined
    }
}
