import NIOCore
import Wire

/// A part of a response on its way from a push to a scraper: the head at first, slices of the body, the end at last.
struct RelayPart: Sendable {
    /// Slices below this size are copied together, so that a response in tiny pieces takes no more memory and no more writes than one
    /// in large ones. Bytes.
    static let smallSlice = 1_024

    var head: PushedResponseHead?
    private(set) var body: [ByteBuffer] = []
    var isLast = false

    private(set) var bodyBytes = 0
    private var copiedBytes = 0
    private var lastIsCopy = false
    private var largestStorage = 0

    /// What it keeps in memory, in bytes: a slice keeps the whole buffer that it was read into, and what one read brought lies in
    /// one; what was copied lies in buffers that have doubled as they grew.
    var heldBytes: Int { max(bodyBytes, largestStorage) + 2 * copiedBytes }
    var isEmpty: Bool { head == nil && body.isEmpty && !isLast }

    /// Adds what comes next. Of any two slices that follow each other one at least is not small, so their number is bounded by what
    /// one read brings.
    mutating func add(_ slice: ByteBuffer) {
        let count = slice.readableBytes
        bodyBytes += count
        if count < Self.smallSlice, let last = body.last, last.readableBytes < Self.smallSlice {
            copiedBytes += lastIsCopy ? count : last.readableBytes + count
            lastIsCopy = true
            body[body.count - 1].writeImmutableBuffer(slice)
        } else {
            lastIsCopy = false
            largestStorage = max(largestStorage, slice.storageCapacity)
            body.append(slice)
        }
    }
}
