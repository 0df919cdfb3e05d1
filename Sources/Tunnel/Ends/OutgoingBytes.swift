import DequeModule
import NIOCore

/// What waits to be sent on a stream, and how much of it may go.
///
/// It keeps a few times its bytes in memory at most, in however small slices they come, and whatever those were read into: small ones are put
/// together, and of a large buffer that they are a small part of, they are copied.
struct OutgoingBytes: Sendable {
    /// Slices below this size are put together; bytes.
    private static let smallSlice = 1_024
    /// How many times its bytes a slice may keep in memory.
    private static let maxWaste = 4

    private var slices = Deque<ByteBuffer>()
    /// Whether the last of them is ours to add to.
    private var lastIsOwn = false
    private(set) var count = 0
    private(set) var credit: Int
    /// Nothing comes behind what waits.
    private(set) var isEnded = false
    /// Of a connection that does not stand yet: nothing may go.
    private var isHeld: Bool
    /// Stands in the turns of its connection.
    var hasTurn = false
    /// Its source was told to pause.
    private var isPaused = false

    init(credit: Int, isHeld: Bool = false) {
        self.credit = credit
        self.isHeld = isHeld
    }

    /// What it keeps in memory; bytes.
    var heldBytes: Int { slices.reduce(0) { $0 + $1.storageCapacity } }

    /// Whether something could go now.
    var isReady: Bool { !isHeld && ((count > 0 && credit > 0) || (count == 0 && isEnded)) }

    mutating func add(_ bytes: ByteBuffer) {
        guard !isEnded, bytes.readableBytes > 0 else { return }
        count += bytes.readableBytes
        if bytes.readableBytes >= Self.smallSlice, bytes.storageCapacity <= Self.maxWaste * bytes.readableBytes {
            slices.append(bytes)
            lastIsOwn = false
        } else if lastIsOwn, var last = slices.popLast() {
            last.writeImmutableBuffer(bytes)
            lastIsOwn = last.readableBytes < Self.smallSlice
            slices.append(last)
        } else {
            var own = ByteBuffer()
            own.writeImmutableBuffer(bytes)
            lastIsOwn = own.readableBytes < Self.smallSlice
            slices.append(own)
        }
        if count >= TunnelSettings.highWater { isPaused = true }
    }

    mutating func end() { isEnded = true }

    /// What was held may go.
    mutating func release() { isHeld = false }

    /// - Returns: Whether that is credit that a window can have.
    mutating func granted(_ bytes: Int) -> Bool {
        let (sum, overflow) = credit.addingReportingOverflow(bytes)
        guard !overflow, sum <= TunnelSettings.maxWindow else { return false }
        credit = sum
        return true
    }

    /// The next message: at most so many bytes of what may go.
    mutating func next(atMost most: Int) -> (slices: StreamPiece, isLast: Bool) {
        var left = min(most, count, credit)
        count -= left
        credit -= left
        var piece = StreamPiece()
        while left > 0, var first = slices.popFirst() {
            if slices.isEmpty { lastIsOwn = false }
            if first.readableBytes <= left {
                left -= first.readableBytes
                piece.append(first)
            } else {
                if let part = first.readSlice(length: left) { piece.append(part) }
                left = 0
                slices.prepend(first)
            }
        }
        return (piece, count == 0 && isEnded)
    }

    /// Whether its source, which was told to pause, is to go on.
    mutating func takeRelief() -> Bool {
        guard isPaused, !isEnded, count <= TunnelSettings.lowWater else { return false }
        isPaused = false
        return true
    }
}
