import NIOCore
import TestKit

@testable import Tunnel

/// What a reader makes of bytes, as a value to compare: messages whole, wherever their pieces end.
struct WebSocketReading: Equatable {
    enum Item: Equatable {
        case message([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(WebSocketClose)
    }

    private(set) var items: [Item] = []
    private(set) var failure: WebSocketFailure?
    /// Of a message whose last piece has not come.
    private(set) var begun: [UInt8] = []
    private(set) var pieces = 0

    static func == (one: Self, other: Self) -> Bool {
        one.items == other.items && one.failure == other.failure && one.begun == other.begun
    }

    init(_ role: WebSocketRole, _ pieces: [[UInt8]], maxMessageBytes: Int = 65_536 + 9) {
        var reader = WebSocketReader(role, maxMessageBytes: maxMessageBytes)
        for piece in pieces {
            reader.receive(ByteBuffer(bytes: piece))
            do throws(WebSocketFailure) {
                while try take(try reader.next()) {}
            } catch {
                failure = error
            }
        }
    }

    init(_ role: WebSocketRole, _ bytes: [UInt8]) { self.init(role, [bytes]) }

    /// - Returns: whether there may be more.
    private mutating func take(_ event: WebSocketReader.Event) throws(WebSocketFailure) -> Bool {
        switch event {
        case .binary(let piece, let isLast):
            pieces += 1
            begun += Array(piece.readableBytesView)
            if isLast {
                items.append(.message(begun))
                begun = []
            }
        case .ping(let payload): items.append(.ping(Array(payload.readableBytesView)))
        case .pong(let payload): items.append(.pong(Array(payload.readableBytesView)))
        case .close(let close): items.append(.close(close))
        case .needsMore: return false
        }
        return true
    }
}

extension [UInt8] {
    /// As the RFC masks: byte `i` with byte `i` modulo 4 of the key.
    func masked(with key: [UInt8]) -> [UInt8] { enumerated().map { $1 ^ key[$0 % 4] } }
}

/// A frame, written in the plainest way; every part may be wrong.
func frame(
    _ first: UInt8, _ payload: [UInt8] = [], key: [UInt8]? = nil, announcing length: Int? = nil,
    in lengthBytes: Int? = nil
) -> [UInt8] {
    let length = length ?? payload.count
    let extended = lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
    var bytes = [first]
    bytes.append((key == nil ? 0 : 0x80) | (extended == 0 ? UInt8(length) : extended == 2 ? 126 : 127))
    for place in (0..<extended).reversed() { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * place))) }
    if let key { return bytes + key + payload.masked(with: key) }
    return bytes + payload
}

let someKey: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
