import NIOCore

/// What the bytes of a client's frame are XORed with (RFC 6455 section 5.3), turned so that it fits the next byte of the payload.
struct MaskingKey: Sendable, Equatable {
    /// The byte for the next one of the payload is the lowest.
    var bits: UInt32

    /// Of frames that are not masked: changes nothing.
    static let none = MaskingKey(bits: 0)

    /// Copies the next bytes of a payload, masked or unmasked, which is the same.
    ///
    /// - Parameter destination: Room for as many bytes. It may be where they lie already.
    @inline(__always)
    mutating func copy(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) {
        guard let start = source.baseAddress else { return }
        let count = source.count
        let word = UInt64(bits) | UInt64(bits) << 32
        let pattern = SIMD4<UInt64>(repeating: word.littleEndian)
        var place = 0
        while count - place >= 32 {
            let bytes = start.loadUnaligned(fromByteOffset: place, as: SIMD4<UInt64>.self)
            destination.storeBytes(of: bytes ^ pattern, toByteOffset: place, as: SIMD4<UInt64>.self)
            place += 32
        }
        while count - place >= 8 {
            let bytes = start.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            destination.storeBytes(of: bytes ^ pattern[0], toByteOffset: place, as: UInt64.self)
            place += 8
        }
        var rest = word
        while place < count {
            let byte = start.load(fromByteOffset: place, as: UInt8.self)
            destination.storeBytes(of: byte ^ UInt8(truncatingIfNeeded: rest), toByteOffset: place, as: UInt8.self)
            rest >>= 8
            place += 1
        }
        pass(count)
    }

    /// The first bytes of the payload are `count` further on.
    private mutating func pass(_ count: Int) {
        let turn = UInt32(truncatingIfNeeded: count & 3) * 8
        bits = bits >> turn | bits << ((32 - turn) & 31)
    }
}

extension ByteBuffer {
    /// Appends the first `count` bytes of `source`, masked.
    mutating func writeMasked(_ source: ByteBuffer, _ count: Int, with key: inout MaskingKey) {
        source.withUnsafeReadableBytes { bytes in
            let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
            writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { room in
                if let start = room.baseAddress { key.copy(bytes, to: start) }
                return bytes.count
            }
        }
    }

    /// Masks the first `count` bytes where they lie, or unmasks them.
    mutating func maskFirst(_ count: Int, with key: inout MaskingKey) {
        guard count > 0 else { return }
        withUnsafeMutableReadableBytes { bytes in
            let first = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(count))
            if let start = first.baseAddress { key.copy(UnsafeRawBufferPointer(first), to: start) }
        }
    }

    /// Masks the last `count` bytes where they lie.
    mutating func maskLast(_ count: Int, with key: inout MaskingKey) {
        withUnsafeMutableReadableBytes { bytes in
            let last = UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(count))
            if let start = last.baseAddress { key.copy(UnsafeRawBufferPointer(last), to: start) }
        }
    }
}
