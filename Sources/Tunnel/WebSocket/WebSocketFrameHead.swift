import NIOCore

/// The head of a frame (RFC 6455 section 5.2).
struct WebSocketFrameHead {
    let opcode: WebSocketOpcode
    /// Whether the frame is the last of its message.
    let isFinal: Bool
    /// Of the payload, in bytes.
    let length: Int
    let key: MaskingKey

    /// Takes heads apart byte by byte, so that nothing of one has to be kept in the buffer it came in.
    struct Parser {
        // Small, as every tunnel has two of these for as long as it lives.
        private var length: UInt64 = 0
        private var key: UInt32 = 0
        /// How many bytes of the head have been seen.
        private var count: UInt8 = 0
        /// Where the length ends and the key begins, and where that ends.
        private var lengthEnd: UInt8 = 2
        private var end: UInt8 = 2
        private var opcode = WebSocketOpcode.continuation
        private var isFinal = false
        private let sender: WebSocketRole

        init(from sender: WebSocketRole) { self.sender = sender }

        /// Takes a head off the front of `buffer`; `nil` while it is incomplete, when all of the buffer has been taken.
        mutating func parse(_ buffer: inout ByteBuffer) throws(WebSocketFailure) -> WebSocketFrameHead? {
            while count < end || count < 2 {
                guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
                try take(byte)
            }
            // The highest bit is not set.
            return WebSocketFrameHead(
                opcode: opcode, isFinal: isFinal, length: Int(length), key: MaskingKey(bits: key))
        }

        private mutating func take(_ byte: UInt8) throws(WebSocketFailure) {
            switch count {
            case 0: try takeFirst(byte)
            case 1: try takeSecond(byte)
            case ..<lengthEnd:
                length = length << 8 | UInt64(byte)
                if count == lengthEnd - 1 { try checkLength() }
            default: key |= UInt32(byte) << UInt32(8 * (count - lengthEnd))
            }
            count += 1
        }

        private mutating func takeFirst(_ byte: UInt8) throws(WebSocketFailure) {
            guard byte & 0x70 == 0 else { throw .reservedBits }
            guard byte & 0x0F != 1 else { throw .textMessage }
            guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else { throw .unknownOpcode(byte & 0x0F) }
            self.opcode = opcode
            isFinal = byte & 0x80 != 0
            if opcode.isControl && !isFinal { throw .fragmentedControl }
        }

        private mutating func takeSecond(_ byte: UInt8) throws(WebSocketFailure) {
            let isMasked = byte & 0x80 != 0
            switch sender {
            case .client: if !isMasked { throw .notMasked }
            case .server: if isMasked { throw .masked }
            }
            length = UInt64(byte & 0x7F)
            if opcode.isControl && length > WebSocketOpcode.maxControlBytes { throw .longControl }
            let extended: UInt8 = length == 127 ? 8 : length == 126 ? 2 : 0
            if extended > 0 { length = 0 }
            lengthEnd = 2 + extended
            end = lengthEnd + (isMasked ? 4 : 0)
        }

        private func checkLength() throws(WebSocketFailure) {
            if length > UInt64(Int64.max) { throw .impossibleLength }
            if length < (lengthEnd == 4 ? 126 : 65_536) { throw .longLengthField }
        }
    }

    /// How many bytes a head takes for a payload of `length` bytes.
    static func byteCount(length: Int, isMasked: Bool) -> Int {
        (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (isMasked ? 4 : 0)
    }
}
