import NIOCore

@testable import Client
@testable import Wire

extension FuzzBody {
    /// Chunked bodies as `BodyDecoder` takes them apart and as `ChunkScanner` passes them on.
    ///
    /// What the scanner lets through the decoder must take, and find the same in it: the client passes on what the scanner says, and the
    /// proxy decodes it.
    static let chunks = FuzzBody(name: "chunks") { bytes in
        var input = FuzzInput(bytes)
        let cuts = input.cuts()
        let pieces = input.message.pieces(of: cuts)
        let decoded = try ChunkReading(decoding: [input.message])
        let scanned = try ChunkReading(scanning: [input.message])
        let decodedPieces = try ChunkReading(decoding: pieces)
        let scannedPieces = try ChunkReading(scanning: pieces)
        try require(decodedPieces == decoded, "decoded in one piece: \(decoded); in pieces: \(decodedPieces)")
        try require(scannedPieces == scanned, "scanned in one piece: \(scanned); in pieces: \(scannedPieces)")
        guard !scanned.isMalformed else { return }
        try require(!decoded.isMalformed, "passed on by the scanner, refused by the decoder")
        try require(scanned.hasEnded == decoded.hasEnded, "they disagree on the end")
        try require(scanned.content == decoded.content, "they disagree on the content")
        if scanned.hasEnded { try require(scanned.left == decoded.left, "they disagree on where the end is") }
    }
}

/// What a chunked body turned out to be.
private struct ChunkReading: Equatable {
    var content: [UInt8] = []
    var hasEnded = false
    var isMalformed = false
    /// Bytes behind the end; 0 before it.
    var left = 0

    init(decoding pieces: [[UInt8]]) throws {
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer()
        for (index, piece) in pieces.enumerated() {
            buffer.writeBytes(piece)
            var wantsMore = false
            while !wantsMore {
                do {
                    switch try decoder.next(&buffer) {
                    case .bytes(let slice): content += Array(slice)
                    case .needsMore: wantsMore = true
                    case .end:
                        hasEnded = true
                        left = pieces[(index + 1)...].reduce(buffer.readableBytes) { $0 + $1.count }
                        return
                    }
                } catch {
                    isMalformed = true
                    return
                }
            }
        }
    }

    init(scanning pieces: [[UInt8]]) throws {
        var scanner = ChunkScanner()
        for (index, piece) in pieces.enumerated() {
            var at = 0
            while at < piece.count {
                let found: ChunkScanner.Piece
                do {
                    found = try piece[at...].withUnsafeBytes { (bytes) throws(ChunkScanner.Malformed) in
                        try scanner.next(bytes)
                    }
                } catch {
                    isMalformed = true
                    return
                }
                switch found {
                case .framing(let count):
                    try require(count > 0 && at + count <= piece.count, "\(count) bytes of framing")
                    at += count
                case .content(let count):
                    try require(count > 0 && at + count <= piece.count, "\(count) bytes of content")
                    content += piece[at..<(at + count)]
                    at += count
                case .end(let count):
                    try require(count > 0 && at + count <= piece.count, "\(count) bytes of framing")
                    hasEnded = scanner.isEnded
                    left = pieces[(index + 1)...].reduce(piece.count - at - count) { $0 + $1.count }
                    return
                }
            }
        }
    }
}
