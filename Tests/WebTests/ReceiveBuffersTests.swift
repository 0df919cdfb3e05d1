import NIOCore
import Testing

@testable import Web

/// Reads as a channel does: into the pool's buffer, at most as much as there is room for.
private struct Reader {
    var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReceiveBuffers())

    mutating func read(upTo available: Int) -> ByteBuffer {
        let (buffer, count) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
            let count = min(available, buffer.writableBytes)
            buffer.writeRepeatingByte(0x61, count: count)
            return count
        }
        pool.record(actualReadBytes: count)
        return buffer
    }
}

@Suite struct ReceiveBuffersTests {
    @Test("A connection keeps its first buffer, next to nothing, and none of those that came later")
    func kept() {
        var reader = Reader()
        #expect(reader.read(upTo: 1 << 20).readableBytes == ReceiveBuffers.first)
        for _ in 0..<8 {
            var buffer = reader.read(upTo: 1 << 20)
            let isOurs: Bool? = buffer.modifyIfUniquelyOwned { _ in true }
            #expect(isOurs == true, "the pool holds a buffer of \(buffer.capacity) bytes")
        }
        #expect(reader.pool.count == 1)
    }

    @Test("Buffers grow to the largest within six reads that fill them")
    func growth() {
        var reader = Reader()
        let sizes = (0..<7).map { _ in reader.read(upTo: 1 << 20).readableBytes }
        #expect(sizes == [32, 512, 2_048, 8_192, 32_768, 131_072, 131_072])
    }

    @Test("Buffers shrink when reads in a row need a quarter of them at most, and not for one short read")
    func shrinking() {
        var reader = Reader()
        for _ in 0..<6 { _ = reader.read(upTo: 1 << 20) }
        _ = reader.read(upTo: 300)
        #expect(reader.read(upTo: 1 << 20).readableBytes == 131_072)
        for _ in 0..<20 { _ = reader.read(upTo: 300) }
        #expect(reader.read(upTo: 1 << 20).readableBytes <= 2_048)
    }
}
