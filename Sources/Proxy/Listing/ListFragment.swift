import CZlib
import NIOCore

/// A page of a list as it is sent: entries in JSON, and the same compressed when somebody has asked for that.
struct ListFragment: Sendable {
    /// `,` as a block of its own (RFC 1951, section 3.2.4).
    private static let packedComma: [UInt8] = [0, 1, 0, 0xFE, 0xFF, UInt8(ascii: ",")]

    /// Begins with a comma, unless it is empty.
    let text: ByteBuffer
    /// Begins with a comma in a block of its own, unless it is empty.
    private(set) var packed: ByteBuffer?
    /// Of the text behind its comma.
    private var checksum: UInt = 0

    /// - Parameter text: Each entry with a comma before it.
    init(text: ByteBuffer = ByteBuffer()) { self.text = text }

    var isEmpty: Bool { text.readableBytes == 0 }
    /// What it takes in memory.
    var bytes: Int { text.storageCapacity + (packed?.storageCapacity ?? 0) }

    /// - Returns: Whether there was memory for it.
    mutating func pack(with deflater: borrowing Deflater) -> Bool {
        guard packed == nil, !isEmpty else { return true }
        let entries = text.readableBytesView.dropFirst()
        guard let packed = deflater.deflate(entries, behind: Self.packedComma) else { return false }
        checksum = entries.withUnsafeBytes { bytes in
            crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        self.packed = packed
        return true
    }

    // MARK: A list of them

    private static let open = ByteBuffer(string: "[")
    private static let close = ByteBuffer(string: "]\n")
    /// Of a member without a name or a time, made by anything (RFC 1952, section 2.3); then `[` in a block of its own.
    private static let packedOpen = ByteBuffer(bytes: [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 0, 1, 0, 0xFE, 0xFF, UInt8(ascii: "["),
    ])
    /// The last block.
    private static let packedClose: [UInt8] = [1, 2, 0, 0xFD, 0xFF, UInt8(ascii: "]"), UInt8(ascii: "\n")]

    /// As `file_sd_configs` and `http_sd_configs` read it.
    static func text(_ fragments: some Collection<ListFragment>) -> [ByteBuffer] {
        var pieces = [open]
        pieces.reserveCapacity(fragments.count + 2)
        for fragment in fragments where !fragment.isEmpty {
            var piece = fragment.text
            if pieces.count == 1 { piece.moveReaderIndex(forwardBy: 1) }
            pieces.append(piece)
        }
        pieces.append(close)
        return pieces
    }

    /// The same as one gzip member; of fragments that have been packed.
    static func packed(_ fragments: some Collection<ListFragment>) -> [ByteBuffer] {
        var pieces = [packedOpen]
        pieces.reserveCapacity(fragments.count + 2)
        var checksum = crc32_z(0, Array("[".utf8), 1)
        var bytes = 1
        for fragment in fragments {
            guard var piece = fragment.packed else { continue }
            if pieces.count == 1 {
                piece.moveReaderIndex(forwardBy: packedComma.count)
            } else {
                checksum = crc32_z(checksum, Array(",".utf8), 1)
                bytes += 1
            }
            let length = fragment.text.readableBytes - 1
            checksum = crc32_combine(checksum, fragment.checksum, length)
            bytes += length
            pieces.append(piece)
        }
        checksum = crc32_z(checksum, Array("]\n".utf8), 2)
        bytes += 2
        var end = ByteBuffer(bytes: packedClose)
        end.writeInteger(UInt32(truncatingIfNeeded: checksum), endianness: .little)
        end.writeInteger(UInt32(truncatingIfNeeded: bytes), endianness: .little)
        pieces.append(end)
        return pieces
    }
}
