import NIOCore

/// Reads what one end writes, with no line of the code that is tested, and holds it to the contract: what stands behind an END or a RESET,
/// how large messages are, how much credit was used.
struct WireTap {
    struct Stream {
        var isConnection = false
        var ended = false
        var reset = false
        /// Payload bytes of DATA and END.
        var bytes = 0
        /// Credit given to the other end.
        var granted = 0
    }

    private let isClient: Bool
    private(set) var streams: [UInt32: Stream] = [:]
    private(set) var closed = false
    /// Payload bytes of all streams.
    private(set) var bytes = 0
    /// Of each stream that ended here, and was not told of yet: `bytes` then.
    var ends: [(stream: UInt32, at: Int)] = []
    /// The first rule that was broken.
    private(set) var broken: String?
    private var highest: UInt32 = 0
    private var takesTurns = false

    init(isClient: Bool) { self.isClient = isClient }

    private mutating func hold(_ holds: Bool, _ rule: String) { if !holds && broken == nil { broken = rule } }

    /// - Parameters:
    ///   - output: Whole messages, as ends write them.
    ///   - isContended: Whether several streams had something to send: the first that sends leaves room for the others.
    mutating func take(_ output: ByteBuffer, isContended: Bool = false) {
        var rest = output
        takesTurns = isContended
        while rest.readableBytes > 0 {
            guard let first: UInt8 = rest.readInteger(), let second: UInt8 = rest.readInteger() else {
                return hold(false, "half a head")
            }
            var length = Int(second & 0x7F)
            switch length {
            case 126: length = Int(rest.readInteger(as: UInt16.self) ?? 0)
            case 127: length = Int(clamping: rest.readInteger(as: UInt64.self) ?? 0)
            default: break
            }
            hold((second & 0x80 != 0) == isClient, "masking")
            let key = isClient ? rest.readBytes(length: 4) ?? [] : [0, 0, 0, 0]
            guard rest.readableBytes >= length, key.count == 4 else { return hold(false, "half a message") }
            hold(!closed, "something behind a close frame")
            hold(length <= 65_541, "a message of \(length) bytes")
            let start = (rest.getBytes(at: rest.readerIndex, length: min(length, 9)) ?? []).enumerated()
                .map { $1 ^ key[$0 & 3] }
            rest.moveReaderIndex(forwardBy: length)
            switch first {
            case 0x82 where length >= 5: take(start, length)
            case 0x89, 0x8A: break
            case 0x88: closed = true
            default: hold(false, "a frame that begins with \(first)")
            }
        }
    }

    private mutating func take(_ start: [UInt8], _ length: Int) {
        let number = start[1..<5].reduce(0) { $0 << 8 | UInt32($1) }
        switch start[0] {
        case 1: hold(isClient && number == 0, "a HELLO")
        case 2, 8: hold(!isClient && number == 0, "a frame of the connection")
        case 3:
            hold(!isClient && number > highest, "an OPEN")
            highest = max(highest, number)
            streams[number] = Stream()
        case 4, 5:
            hold(length <= 5 + (takesTurns ? 16_384 : 65_536), "bytes in a message of \(length)")
            takesTurns = false
            var stream = streams[number] ?? Stream()
            hold(!stream.ended && !stream.reset, "bytes behind the end of stream \(number)")
            stream.bytes += length - 5
            bytes += length - 5
            if start[0] == 5 {
                stream.ended = true
                ends.append((number, bytes))
            }
            streams[number] = stream
        case 6:
            hold(!(streams[number]?.reset ?? false), "two RESETs of stream \(number)")
            streams[number, default: Stream()].reset = true
        case 7:
            hold(!(streams[number]?.reset ?? false) && start.count == 9, "credit behind a RESET")
            streams[number, default: Stream()].granted += start[5...].reduce(0) { $0 << 8 | Int($1) }
        default: hold(false, "a frame of type \(start[0])")
        }
    }
}
