import NIOCore

/// What a misbehaving client writes into its tunnel, and takes out of it. This project's own writer would write none of the lies, and a mistake of it
/// could hide here.
enum RawFrames {
    // Types of frames.
    static let hello: UInt8 = 1
    static let welcome: UInt8 = 2
    static let open: UInt8 = 3
    static let data: UInt8 = 4
    static let end: UInt8 = 5
    static let reset: UInt8 = 6
    static let window: UInt8 = 7
    static let drain: UInt8 = 8

    // First bytes of WebSocket frames: the last or only one of a message, and what it is.
    static let binary: UInt8 = 0x82
    static let close: UInt8 = 0x88
    static let ping: UInt8 = 0x89
    static let pong: UInt8 = 0x8A

    /// A message with one frame of the tunnel.
    static func message(_ type: UInt8, _ stream: UInt32, _ payload: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        frame(binary, body(type, stream, payload))
    }

    static func credit(_ stream: UInt32, _ bytes: UInt32) -> ByteBuffer {
        message(window, stream, ByteBuffer(integer: bytes))
    }

    /// What such a message has inside.
    static func body(_ type: UInt8, _ stream: UInt32, _ payload: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(5 + payload.readableBytes)
        body.writeInteger(type)
        body.writeInteger(stream)
        body.writeImmutableBuffer(payload)
        return body
    }

    /// A WebSocket frame as a client writes it, where nothing else is asked for.
    ///
    /// Long payloads are masked with zeros, a mask as any other that changes nothing: a debug build takes longer to mask them than the proxy to
    /// read them.
    static func frame(
        _ first: UInt8, _ payload: ByteBuffer, announcing announced: UInt64? = nil, isLongLength: Bool = false,
        isMasked: Bool = true
    ) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(14 + payload.readableBytes)
        frame.writeInteger(first)
        let bit: UInt8 = isMasked ? 0x80 : 0
        let length = announced ?? UInt64(payload.readableBytes)
        if length > 65_535 {
            frame.writeInteger(bit | 127)
            frame.writeInteger(length)
        } else if length > 125 || isLongLength {
            frame.writeInteger(bit | 126)
            frame.writeInteger(UInt16(length))
        } else {
            frame.writeInteger(bit | UInt8(length))
        }
        guard isMasked else {
            frame.writeImmutableBuffer(payload)
            return frame
        }
        let key: [UInt8] = payload.readableBytes <= 200 ? [0x37, 0xFA, 0x21, 0x3D] : [0, 0, 0, 0]
        frame.writeBytes(key)
        if key[0] == 0 {
            frame.writeImmutableBuffer(payload)
        } else {
            frame.writeBytes(payload.readableBytesView.enumerated().map { $0.element ^ key[$0.offset % 4] })
        }
        return frame
    }
}

/// Takes the proxy's messages apart, each of which is one frame without a mask.
struct RawFrameReader {
    enum Message {
        case tunnel(type: UInt8, stream: UInt32, ByteBuffer)
        case ping(ByteBuffer)
        case close
        /// A pong; or what the proxy must not send.
        case other
    }

    private var pending = ByteBuffer()

    mutating func receive(_ bytes: ByteBuffer) {
        pending.discardReadBytes()
        pending.writeImmutableBuffer(bytes)
    }

    /// `nil` when none is there whole.
    mutating func next() -> Message? {
        let start = pending.readerIndex
        guard let first = pending.getInteger(at: start, as: UInt8.self),
            let second = pending.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        var length = Int(second & 0x7F)
        var head = 2
        if length == 126 {
            guard let long = pending.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            (length, head) = (Int(long), 4)
        } else if length == 127 {
            guard let long = pending.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            (length, head) = (Int(clamping: long), 10)
        }
        guard pending.readableBytes - head >= length else { return nil }
        pending.moveReaderIndex(forwardBy: head)
        guard var payload = pending.readSlice(length: length) else { return nil }
        switch first {
        case RawFrames.binary:
            guard let type = payload.readInteger(as: UInt8.self), let stream = payload.readInteger(as: UInt32.self)
            else { return .other }
            return .tunnel(type: type, stream: stream, payload)
        case RawFrames.ping: return .ping(payload)
        case RawFrames.close: return .close
        default: return .other
        }
    }
}
