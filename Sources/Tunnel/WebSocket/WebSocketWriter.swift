import NIOCore
import Wire

/// Writes one direction of a WebSocket connection (RFC 6455): whole messages, each in one frame.
public struct WebSocketWriter: Sendable {
    private let role: WebSocketRole
    private var keys: any RandomNumberGenerator & Sendable

    /// - Parameters:
    ///   - role: The end that writes.
    ///   - keys: Where a client's masking keys come from, one of 64 bits for each frame. They must not be foreseeable (section 10.3): another source is for tests.
    public init(_ role: WebSocketRole, keys: any RandomNumberGenerator & Sendable = SecretBits()) {
        self.role = role
        self.keys = keys
    }

    /// Appends a binary message, `head` and then the bytes of `body`, in one frame. All of it is copied.
    public mutating func writeBinary(
        head: some Collection<UInt8>, body: some Collection<ByteBuffer>, into output: inout ByteBuffer
    ) {
        let count = body.reduce(head.count) { $0 + $1.readableBytes }
        var key = writeHead(.binary, count, into: &output)
        output.writeBytes(head)
        output.maskLast(head.count, with: &key)
        for slice in body { output.writeMasked(slice, slice.readableBytes, with: &key) }
    }

    /// - Parameter payload: At most 125 bytes; what is beyond is left out.
    public mutating func writePing(_ payload: ByteBuffer, into output: inout ByteBuffer) {
        writeControl(.ping, payload, into: &output)
    }

    /// - Parameter payload: The ping's. At most 125 bytes; what is beyond is left out.
    public mutating func writePong(_ payload: ByteBuffer, into output: inout ByteBuffer) {
        writeControl(.pong, payload, into: &output)
    }

    /// Nothing may be written behind it.
    public mutating func writeClose(_ close: WebSocketClose, into output: inout ByteBuffer) {
        writeControl(.close, close.payload, into: &output)
    }

    private mutating func writeControl(
        _ opcode: WebSocketOpcode, _ payload: ByteBuffer, into output: inout ByteBuffer
    ) {
        let count = min(payload.readableBytes, WebSocketOpcode.maxControlBytes)
        var key = writeHead(opcode, count, into: &output)
        output.writeMasked(payload, count, with: &key)
    }

    /// Makes room for the whole frame, too.
    private mutating func writeHead(
        _ opcode: WebSocketOpcode, _ length: Int, into output: inout ByteBuffer
    ) -> MaskingKey {
        let isMasked = role == .client
        let headBytes = WebSocketFrameHead.byteCount(length: length, isMasked: isMasked)
        output.reserveCapacity(minimumWritableBytes: headBytes + length)
        output.writeInteger(0x80 | opcode.rawValue)
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        // A length is written in as few bytes as it takes (section 5.2).
        switch length {
        case ..<126: output.writeInteger(maskBit | UInt8(length))
        case ..<65_536:
            output.writeInteger(maskBit | 126)
            output.writeInteger(UInt16(length))
        default:
            output.writeInteger(maskBit | 127)
            output.writeInteger(UInt64(length))
        }
        guard isMasked else { return .none }
        let key = UInt32(truncatingIfNeeded: keys.next())
        output.writeInteger(key, endianness: .little)
        return MaskingKey(bits: key)
    }
}
