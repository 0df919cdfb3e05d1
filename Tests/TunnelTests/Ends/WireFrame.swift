import NIOCore
import Tunnel

/// What one WebSocket frame says, written and read in the plainest way, with no line of the code that is tested.
enum WireFrame: Equatable {
    case frame(UInt8, UInt32, [UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16?, String)
    /// Nothing that either end writes.
    case strange([UInt8])

    static func hello(_ fields: String) -> Self { .frame(1, 0, Array(fields.utf8)) }
    static func welcome(_ fields: String = "Version: 2\r\nWindow: 65536\r\nPing-Interval: 15\r\n") -> Self {
        .frame(2, 0, Array(fields.utf8))
    }
    static func open(_ stream: UInt32, _ request: String) -> Self { .open(stream, 10_000, request) }
    static func open(_ stream: UInt32, _ milliseconds: UInt32, _ request: String) -> Self {
        .frame(3, stream, milliseconds.bytes + Array(request.utf8))
    }
    static func data(_ stream: UInt32, _ bytes: [UInt8]) -> Self { .frame(4, stream, bytes) }
    static func end(_ stream: UInt32, _ bytes: [UInt8] = []) -> Self { .frame(5, stream, bytes) }
    static func reset(_ stream: UInt32, _ text: String = "") -> Self { .frame(6, stream, Array(text.utf8)) }
    static func window(_ stream: UInt32, _ bytes: UInt32) -> Self { .frame(7, stream, bytes.bytes) }
    static let drain = Self.frame(8, 0, [])

    /// - Parameter key: `nil` for a server's.
    func bytes(key: [UInt8]?) -> [UInt8] {
        switch self {
        case .frame(let type, let stream, let payload): PlainFrames.message([type] + stream.bytes + payload, key)
        case .ping(let payload): PlainFrames.frame(0x89, payload, key)
        case .pong(let payload): PlainFrames.frame(0x8A, payload, key)
        case .close(let code, let reason):
            PlainFrames.frame(0x88, code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + Array(reason.utf8) } ?? [], key)
        case .strange(let bytes): bytes
        }
    }

    /// Takes the next one off the front of `bytes`; `nil` when it is not complete.
    init?(_ bytes: inout ArraySlice<UInt8>, isMasked: Bool) {
        let all = bytes
        let start = all.startIndex
        guard all.count >= 2 else { return nil }
        var length = Int(all[start + 1] & 0x7F)
        var place = start + 2
        if length >= 126 {
            let count = length == 126 ? 2 : 8
            guard all.count >= 2 + count else { return nil }
            length = all[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
            place += count
        }
        let keyBytes = isMasked ? 4 : 0
        guard all.endIndex - place >= keyBytes + length else { return nil }
        let key = Array(all[place..<place + keyBytes])
        place += keyBytes
        var payload = Array(all[place..<place + length])
        if isMasked { for index in payload.indices { payload[index] ^= key[index & 3] } }
        let whole = Array(all[start..<place + length])
        bytes = all[(place + length)...]
        guard (all[start + 1] & 0x80 != 0) == isMasked else {
            self = .strange(whole)
            return
        }
        switch all[start] {
        case 0x82 where payload.count >= 5:
            self = .frame(payload[0], payload[1..<5].reduce(0) { $0 << 8 | UInt32($1) }, Array(payload[5...]))
        case 0x89: self = .ping(payload)
        case 0x8A: self = .pong(payload)
        case 0x88 where payload.count >= 2:
            self = .close(UInt16(payload[0]) << 8 | UInt16(payload[1]), String(decoding: payload[2...], as: UTF8.self))
        case 0x88 where payload.isEmpty: self = .close(nil, "")
        default: self = .strange(whole)
        }
    }

    static func all(_ bytes: [UInt8], isMasked: Bool) -> [Self] {
        var rest = bytes[...]
        var found: [Self] = []
        while let next = Self(&rest, isMasked: isMasked) { found.append(next) }
        if !rest.isEmpty { found.append(.strange(Array(rest))) }
        return found
    }
}

extension UInt32 {
    var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (24 - 8 * UInt32($0))) } }
}

private enum PlainFrames {
    static func message(_ payload: [UInt8], _ key: [UInt8]?) -> [UInt8] { frame(0x82, payload, key) }

    static func frame(_ first: UInt8, _ payload: [UInt8], _ key: [UInt8]?) -> [UInt8] {
        let count = payload.count
        let mask: UInt8 = key == nil ? 0 : 0x80
        var bytes = [first]
        if count < 126 {
            bytes.append(mask | UInt8(count))
        } else if count < 65_536 {
            bytes += [mask | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        } else {
            bytes += [mask | 127, 0, 0, 0, 0] + UInt32(count).bytes
        }
        guard let key else { return bytes + payload }
        bytes += key
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ key[index & 3]) }
        return bytes
    }
}
