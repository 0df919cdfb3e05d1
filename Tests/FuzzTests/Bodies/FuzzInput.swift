import NIOCore

/// An input of a fuzz body: a message as it would come over the wire, and choices, which are taken off its end so that the files of a corpus
/// stay readable.
struct FuzzInput {
    private(set) var message: [UInt8]

    init(_ bytes: [UInt8]) { message = bytes }

    /// The next choice; 0 when there are none left.
    mutating func choice() -> UInt8 { message.popLast() ?? 0 }

    /// Lengths of pieces, three that repeat.
    mutating func cuts() -> [Int] { [Int(choice()) + 1, Int(choice()) + 1, Int(choice()) + 1] }

    var text: String { String(decoding: message, as: UTF8.self) }
    var buffer: ByteBuffer { ByteBuffer(bytes: message) }
}

extension [UInt8] {
    /// The bytes in pieces of the given lengths, over and over.
    func pieces(of lengths: [Int]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < count {
            let end = Swift.min(count, start + lengths[pieces.count % lengths.count])
            pieces.append(Array(self[start..<end]))
            start = end
        }
        return pieces
    }

    init(_ buffer: ByteBuffer) { self = Array(buffer.readableBytesView) }
}
