import CZlib
import NIOCore

/// Compresses pieces of a body each by itself, so that a body whose pieces change one at a time is compressed one piece at a time:
/// what comes out can be put together in any order (RFC 1951: blocks that end on a byte, and none refers to another piece).
struct Deflater: ~Copyable {
    /// The fastest: most of a list is the same from one entry to the next.
    private static let level: Int32 = 1
    /// Raw deflate with the largest window (zlib's manual, deflateInit2).
    private static let windowBits: Int32 = -15

    /// On the heap because zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Returns: `nil` when there is no memory for it.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, Self.level, Z_DEFLATED, Self.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// - Parameter prefix: Of these bytes, already compressed, what comes out begins with.
    /// - Returns: `nil` when there is no memory, or so much that zlib can't count it.
    func deflate(_ bytes: ByteBufferView, behind prefix: [UInt8]) -> ByteBuffer? {
        guard let count = UInt32(exactly: bytes.count), deflateReset(stream) == Z_OK else { return nil }
        // The bound is that of a stream that ends; a flush adds an empty block (zlib's manual, deflate: at least six bytes).
        let most = Int(deflateBound(stream, UInt(count))) + 16
        guard let room = UInt32(exactly: most) else { return nil }
        var scratch = ByteBuffer()
        scratch.reserveCapacity(most)
        var isWhole = false
        bytes.withUnsafeBytes { source in
            _ = scratch.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { target in
                // zlib reads only, its declaration says otherwise.
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = count
                stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = room
                isWhole =
                    CZlib.deflate(stream, Z_SYNC_FLUSH) == Z_OK && stream.pointee.avail_in == 0
                    && stream.pointee.avail_out > 0
                return most - Int(stream.pointee.avail_out)
            }
        }
        guard isWhole else { return nil }
        var result = ByteBuffer()
        result.reserveCapacity(prefix.count + scratch.readableBytes)
        result.writeBytes(prefix)
        result.writeBuffer(&scratch)
        return result
    }
}
