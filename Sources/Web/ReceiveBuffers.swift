import NIOCore
import NIOPosix

/// Sizes the buffers that a connection is read into: as large as its reads ask for, and none of them kept for the next.
///
/// NIO's pool keeps each buffer that a connection ever needed for as long as the connection lives. Where thousands of clients
/// push something large now and then, that comes to hundreds of megabytes which wait for nothing. Without a size for the next
/// buffer, and with `true` from every `record`, the pool (`NIOPooledRecvBufferAllocator`) comes here for each read and holds on to
/// the first buffer alone; but only with one read per turn, for it keeps as many buffers as there may be reads. So the first is next to
/// nothing, at the price of one more read in the life of a connection: with thousands of idle ones half a kilobyte each is much.
struct ReceiveBuffers: RecvByteBufferAllocator {
    /// The one that is kept. Bytes.
    static let first = 32
    /// A poll or a scrape fits. Bytes.
    static let smallest = 512
    /// `WebLimits.maxReadBytes` behind TLS, where each connection keeps what it deciphers: a record of TLS (RFC 8446, section 5.1). Bytes.
    static let largestBehindSteps = 16_384

    private let largest: Int
    private var size = Self.first
    private var wasTooLarge = false

    init(largest: Int = WebLimits.maxReadBytes) { self.largest = largest }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: size) }

    mutating func record(actualReadBytes: Int) -> Bool {
        if size == Self.first {
            size = Self.smallest
        } else if actualReadBytes >= size {
            size = min(size * 4, largest)
            wasTooLarge = false
        } else if actualReadBytes > size / 4 {
            wasTooLarge = false
        } else if wasTooLarge {
            size = max(size / 4, Self.smallest)
            wasTooLarge = false
        } else {
            wasTooLarge = true
        }
        return true
    }
}

extension ServerBootstrap {
    /// Reads accepted connections into `ReceiveBuffers`.
    func receiveBuffers(behindSteps: Bool) -> ServerBootstrap {
        let largest = behindSteps ? ReceiveBuffers.largestBehindSteps : WebLimits.maxReadBytes
        return childChannelOption(.recvAllocator, value: ReceiveBuffers(largest: largest)).childChannelOption(
            .maxMessagesPerRead, value: 1)
    }
}
