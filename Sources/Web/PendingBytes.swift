import NIOCore
import Synchronization
import Telemetry

/// The bytes of answers that wait for their peers to read on, over all connections of a listener: what never reading peers can
/// make it hold. An answer that goes to the socket at once, as nearly all do, is never counted.
///
/// A body that many answers share is one copy in memory, and counts once.
final class PendingBytes: Sendable {
    private let limit: Int
    private let gauge: Gauge
    /// How many answers hold each piece, by the address of its first byte: no two living pieces share one.
    private let holders = Mutex<[UInt: Int]>([:])

    init(limit: Int, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    /// Counts bytes that are nobody else's; a negative amount counts them out again.
    func add(_ bytes: Int) { gauge.add(bytes) }

    /// Whether an answer of these pieces may be written, even if its peer should read none of it.
    func admits(_ pieces: [ByteBuffer], bytes: Int) -> Bool {
        let room = limit - gauge.value
        if bytes <= room { return true }
        let unshared = holders.withLock { holders in
            pieces.reduce(0) { $0 + (holders[Self.address($1)] == nil ? $1.readableBytes : 0) }
        }
        return unshared <= room
    }

    /// Counts the pieces of an answer that waits.
    func hold(_ pieces: [ByteBuffer]) {
        let added = holders.withLock { holders in
            pieces.reduce(0) { total, piece in
                guard piece.readableBytes > 0 else { return total }
                let before = holders.updateValue(
                    holders[Self.address(piece), default: 0] + 1, forKey: Self.address(piece))
                return total + (before == nil ? piece.readableBytes : 0)
            }
        }
        gauge.add(added)
    }

    /// Counts them out again; the same pieces, which the answer has kept alive in between.
    func release(_ pieces: [ByteBuffer]) {
        let removed = holders.withLock { holders in
            pieces.reduce(0) { total, piece in
                guard let count = holders[Self.address(piece)] else { return total }
                holders[Self.address(piece)] = count > 1 ? count - 1 : nil
                return total + (count > 1 ? 0 : piece.readableBytes)
            }
        }
        gauge.add(-removed)
    }

    private static func address(_ piece: ByteBuffer) -> UInt {
        piece.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
