import NIOCore

@testable import Wire

extension FuzzBody {
    /// Requests one behind the other, with their bodies: as the parsers take them off a connection, and as `RequestPhases` does with them.
    static let requests = FuzzBody(name: "requests") { bytes in
        var input = FuzzInput(bytes)
        let limit = input.choice() & 1 == 0 ? 65_536 : 64
        let cuts = input.cuts()
        let whole = try RequestReading(input.message.isEmpty ? [] : [input.message], limit: limit)
        let cut = try RequestReading(input.message.pieces(of: cuts), limit: limit)
        try require(whole.events == cut.events, "in one piece: \(whole.events); in pieces: \(cut.events)")
        for manner in RequestDrive.Manner.all {
            let drive = try RequestDrive(input.message.pieces(of: cuts), limit: limit, manner)
            try drive.check(against: cut.events)
        }
    }
}

struct RequestReading {
    enum Event: Equatable {
        case head(String)
        case body([UInt8])
        case end
        case failed(HeadError)
        case malformedChunk
    }

    private(set) var events: [Event] = []
    private var received = ByteBuffer()
    private var sofar: [UInt8] = []
    private var parser: HeadParser
    private var decoder: BodyDecoder?
    private var isChunked = false

    init(_ pieces: [[UInt8]], limit: Int) throws {
        parser = HeadParser(.request, maxBytes: limit)
        for piece in pieces {
            sofar += piece
            received.writeBytes(piece)
            guard try process() else { return }
            try require(received.readableBytes <= limit + 8_192, "\(received.readableBytes) bytes are held")
        }
    }

    /// `false` after an error.
    private mutating func process() throws -> Bool {
        while true {
            if var decoder {
                let step: BodyDecoder.Step
                do {
                    step = try decoder.next(&received)
                } catch {
                    events.append(.malformedChunk)
                    return false
                }
                self.decoder = decoder
                switch step {
                case .bytes(let slice):
                    try require(slice.readableBytes > 0, "an empty slice")
                    // Small chunks are gathered: `chunks` looks at what comes out of them.
                    if !isChunked { try checkConsumed(slice) }
                    if case .body(let bytes) = events.last {
                        events[events.count - 1] = .body(bytes + Array(slice))
                    } else {
                        events.append(.body(Array(slice)))
                    }
                case .end:
                    try require(decoder.hasEnded && decoder.mayEndHere, "it ended and does not know")
                    events.append(.end)
                    self.decoder = nil
                case .needsMore:
                    try require(!decoder.hasEnded, "it wants more than all")
                    return true
                }
            } else {
                let head: RequestHead
                do throws(HeadError) {
                    guard let parsed = try RequestHead.parse(&received, with: &parser) else { return true }
                    head = parsed
                } catch {
                    events.append(.failed(error))
                    return false
                }
                try check(head)
                isChunked = head.framing == .chunked
                decoder = BodyDecoder(head.framing)
            }
        }
    }

    private mutating func check(_ head: RequestHead) throws {
        try checkConsumed(head.message.bytes)
        try require(head.framing != .untilEnd, "a request that ends with its connection")
        try require(head.minorVersion == 1 || head.framing != .chunked, "chunks in HTTP/1.0")
        try require(head.message.count(of: "Host") == 1 || head.minorVersion == 0, "without a Host")
        try require(!head.method.isEmpty && !head.target.utf8.contains(0x20), "\(head.method) \(head.target)")
        events.append(Event(head))
    }

    /// What came out is in the input, right before what is left.
    private func checkConsumed(_ slice: ByteBuffer) throws {
        let end = sofar.count - received.readableBytes
        let start = end - slice.readableBytes
        try require(start >= 0 && sofar[start..<end].elementsEqual(slice.readableBytesView), "a slice from elsewhere")
    }
}

extension RequestReading.Event {
    init(_ head: RequestHead) {
        let facts = [head.framing == .none, head.keepsAlive, head.expectsContinue]
        self = .head("\(head.method) \(head.target) \(head.minorVersion) \(head.framing) \(facts)")
    }

    var isHead: Bool {
        if case .head = self { true } else { false }
    }
}
