import NIOCore

@testable import Tunnel

extension FuzzBody {
    /// `WebSocketReader` at either end, with small and large limits; what it read, written again.
    static let webSockets = FuzzBody(name: "websockets") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let cuts = input.cuts()
        let role: WebSocketRole = options & 1 == 0 ? .server : .client
        let limit = [65_545, 0, 1, 130][Int(options >> 1 & 3)]
        let whole = try WebSocketReading([input.message], role, limit: limit)
        let cut = try WebSocketReading(input.message.pieces(of: cuts), role, limit: limit)
        try require(whole.items == cut.items, "in one piece: \(whole.items); in pieces: \(cut.items)")
        try require(whole.begun == cut.begun, "another message has begun in pieces")
        try require(whole.failure == cut.failure, "\(whole.failure as Any), in pieces \(cut.failure as Any)")
        try require(
            whole.allBytes + 2 * whole.items.count <= input.message.count, "\(whole.allBytes) bytes came out")
        if let failure = whole.failure {
            try require(failure.close.reason == failure.explanation, "\(failure) can't be told")
        }

        var writer = WebSocketWriter(role == .server ? .client : .server, keys: FuzzKeys(state: UInt64(options)))
        var output = ByteBuffer()
        for item in whole.items { writer.write(item, cut: Int(options >> 3), into: &output) }
        let again = try WebSocketReading([Array(output)], role, limit: limit)
        try require(again.items == whole.items && again.failure == nil, "written and read as \(again.items)")
    }

    /// What `WebSocketWriter` writes at either end, as it is read, in one piece and in pieces. An input is many messages: two bytes of
    /// choices before each.
    static let messages = FuzzBody(name: "messages") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let cuts = input.cuts()
        var rest = input.message[...]
        var items: [WebSocketItem] = []
        var output = ByteBuffer()
        var writer = WebSocketWriter(options & 1 == 0 ? .client : .server, keys: FuzzKeys(state: UInt64(options)))
        while let kind = rest.popFirst(), let count = rest.popFirst(), !items.contains(where: \.isClose) {
            // Some are long enough for each way to write a length.
            let repeats = [1, 1, 1, 300][Int(kind & 3)]
            let payload = [[UInt8]](repeating: Array(rest.prefix(Int(count))), count: repeats).flatMap { $0 }
            rest = rest.dropFirst(Int(count))
            let item: WebSocketItem
            switch kind >> 2 & 7 {
            case 0: item = .ping(Array(payload.prefix(125)))
            case 1: item = .pong(Array(payload.prefix(125)))
            case 2:
                let code = WebSocketCloseCode(rawValue: UInt16(payload.count % 5_000))
                item = .close(WebSocketClose(code, reason: String(decoding: payload, as: UTF8.self)))
            default: item = .message(payload)
            }
            items.append(item)
            writer.write(item, cut: Int(kind >> 5), into: &output)
        }
        let role: WebSocketRole = options & 1 == 0 ? .server : .client
        let whole = try WebSocketReading([Array(output)], role, limit: 300 * 255)
        let cut = try WebSocketReading(Array(output).pieces(of: cuts), role, limit: 300 * 255)
        try require(whole.items == items && whole.failure == nil, "\(items) were read as \(whole.items)")
        try require(cut.items == items && cut.failure == nil, "\(items) were read in pieces as \(cut.items)")
        try require(whole.begun.isEmpty && cut.begun.isEmpty, "a message has begun")
    }
}

/// Keys that repeat.
private struct FuzzKeys: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F
        return state >> 29 ^ state
    }
}

private enum WebSocketItem: Equatable {
    case message([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(WebSocketClose)

    var isClose: Bool { if case .close = self { true } else { false } }

    var bytes: Int {
        switch self {
        case .message(let bytes), .ping(let bytes), .pong(let bytes): bytes.count
        case .close: 0
        }
    }
}

extension WebSocketWriter {
    /// - Parameter cut: Where a message's head ends and its slices do.
    fileprivate mutating func write(_ item: WebSocketItem, cut: Int, into output: inout ByteBuffer) {
        switch item {
        case .message(let bytes):
            let body = Array(bytes.dropFirst(cut)).pieces(of: [max(1, bytes.count / 3), cut + 1])
            writeBinary(head: bytes.prefix(cut), body: body.map { ByteBuffer(bytes: $0) }, into: &output)
        case .ping(let bytes): writePing(ByteBuffer(bytes: bytes), into: &output)
        case .pong(let bytes): writePong(ByteBuffer(bytes: bytes), into: &output)
        case .close(let close): writeClose(close, into: &output)
        }
    }
}

/// What a reader made of pieces.
private struct WebSocketReading {
    private(set) var items: [WebSocketItem] = []
    /// Of a message that was not complete.
    private(set) var begun: [UInt8] = []
    private(set) var failure: WebSocketFailure?
    private let limit: Int

    var allBytes: Int { items.reduce(begun.count) { $0 + $1.bytes } }

    init(_ pieces: [[UInt8]], _ role: WebSocketRole, limit: Int) throws {
        self.limit = limit
        var reader = WebSocketReader(role, maxMessageBytes: limit)
        for piece in pieces {
            reader.receive(ByteBuffer(bytes: piece))
            var wantsMore = false
            while !wantsMore {
                let event: WebSocketReader.Event
                do throws(WebSocketFailure) {
                    event = try reader.next()
                } catch {
                    try require(failure == nil, "a failure after \(failure as Any)")
                    failure = error
                    break
                }
                if event == .needsMore { wantsMore = true } else { try take(event) }
            }
        }
    }

    private mutating func take(_ event: WebSocketReader.Event) throws(Violation) {
        try require(failure == nil && items.last?.isClose != true, "\(event) behind the end")
        switch event {
        case .binary(let piece, let isLast):
            try require(isLast || piece.readableBytes > 0, "an empty piece")
            try require(
                piece.storageCapacity <= WebSocketReader.maxWaste * piece.readableBytes,
                "a small piece in large storage")
            begun += Array(piece)
            try require(begun.count <= limit, "a message over \(limit) bytes")
            if isLast {
                items.append(.message(begun))
                begun = []
            }
        case .ping(let payload), .pong(let payload):
            try require(payload.readableBytes <= 125, "a control frame of \(payload.readableBytes) bytes")
            if case .ping = event { items.append(.ping(Array(payload))) } else { items.append(.pong(Array(payload))) }
        case .close(let close): items.append(.close(close))
        case .needsMore: break
        }
    }
}
