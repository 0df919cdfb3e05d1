import DequeModule
import NIOCore

/// The slices of one message. The first two, all that nearly every message has, take no storage of their own.
struct StreamPiece: RandomAccessCollection, Sendable {
    private var first: ByteBuffer?
    private var second: ByteBuffer?
    private var others = Deque<ByteBuffer>()

    var startIndex: Int { 0 }
    var endIndex: Int { (first == nil ? 0 : 1) + (second == nil ? 0 : 1) + others.count }

    subscript(index: Int) -> ByteBuffer {
        switch index {
        case 0: first ?? ByteBuffer()
        case 1: second ?? ByteBuffer()
        default: others[index - 2]
        }
    }

    var byteCount: Int { reduce(0) { $0 + $1.readableBytes } }

    mutating func append(_ slice: ByteBuffer) {
        if first == nil {
            first = slice
        } else if second == nil {
            second = slice
        } else {
            others.append(slice)
        }
    }
}
