import DequeModule
import NIOCore

/// What waits to be sent on a stream, and how much of it may go.
struct OutgoingBytes: Sendable {
    private var slices = Deque<ByteBuffer>()
    private(set) var count = 0
    private(set) var credit: Int
    /// Nothing comes behind what waits.
    private(set) var isEnded = false
    /// Of a connection that does not stand yet: nothing may go.
    private var isHeld: Bool
    /// An empty message is to go ahead of everything: a connection stands.
    private var owesEmpty = false
    /// Stands in the turns of its connection.
    var hasTurn = false
    /// Its source was told to pause.
    private var isPaused = false

    init(credit: Int, isHeld: Bool = false) {
        self.credit = credit
        self.isHeld = isHeld
    }

    /// Whether something could go now.
    var isReady: Bool { !isHeld && (owesEmpty || (count > 0 && credit > 0) || (count == 0 && isEnded)) }

    mutating func add(_ bytes: ByteBuffer) {
        guard !isEnded, bytes.readableBytes > 0 else { return }
        slices.append(bytes)
        count += bytes.readableBytes
        if count >= TunnelSettings.highWater { isPaused = true }
    }

    mutating func end() { isEnded = true }

    /// What was held may go.
    mutating func release() { isHeld = false }

    /// What was held may go, behind an empty message.
    mutating func greet() {
        owesEmpty = true
        isHeld = false
    }

    /// - Returns: Whether that is credit that a window can have.
    mutating func granted(_ bytes: Int) -> Bool {
        let (sum, overflow) = credit.addingReportingOverflow(bytes)
        guard !overflow, sum <= TunnelSettings.maxWindow else { return false }
        credit = sum
        return true
    }

    /// The next message: at most `TunnelSettings.maxPiece` of what may go.
    mutating func next() -> (slices: StreamPiece, isLast: Bool) {
        if owesEmpty {
            owesEmpty = false
            return (StreamPiece(), false)
        }
        var left = min(TunnelSettings.maxPiece, count, credit)
        count -= left
        credit -= left
        var piece = StreamPiece()
        while left > 0, var first = slices.popFirst() {
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
