import NIOCore

@testable import Wire

extension FuzzBody {
    /// Chunked bodies, as the proxy decodes them and as the client passes them on.
    ///
    /// What is passed on decodes to the same content, and whatever is malformed in one way is so in the other.
    static let chunks = FuzzBody(name: "chunks") { bytes in
        var input = FuzzInput(bytes)
        let cuts = input.cuts()
        let pieces = input.message.pieces(of: cuts)
        let removed = ChunkReading([input.message], .removed)
        let kept = ChunkReading([input.message], .kept)
        let removedPieces = ChunkReading(pieces, .removed)
        let keptPieces = ChunkReading(pieces, .kept)
        try require(removedPieces == removed, "decoded in one piece: \(removed); in pieces: \(removedPieces)")
        // A slice of chunks is given out only when all of what came with it is well formed.
        try require(
            keptPieces == kept
                || kept.isMalformed && keptPieces.isMalformed && keptPieces.bytes.starts(with: kept.bytes),
            "passed on in one piece: \(kept); in pieces: \(keptPieces)")
        try require(
            kept.isMalformed == removed.isMalformed && kept.hasEnded == removed.hasEnded && kept.left == removed.left,
            "passed on: \(kept); decoded: \(removed)")
        try require(input.message.starts(with: kept.bytes), "something else is passed on than what came")
        guard !kept.isMalformed else { return }
        let again = ChunkReading([kept.bytes], .removed)
        try require(
            again.bytes == removed.bytes && again.hasEnded == removed.hasEnded, "passed on as another body: \(again)")
    }
}

/// What a chunked body turned out to be.
private struct ChunkReading: Equatable {
    private(set) var bytes: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var isMalformed = false
    /// Bytes behind the end; 0 before it.
    private(set) var left = 0

    init(_ pieces: [[UInt8]], _ treatment: BodyDecoder.ChunkTreatment) {
        var decoder = BodyDecoder(.chunked, chunks: treatment)
        var buffer = ByteBuffer()
        for (index, piece) in pieces.enumerated() {
            buffer.writeBytes(piece)
            var wantsMore = false
            while !wantsMore {
                do {
                    switch try decoder.next(&buffer) {
                    case .bytes(let slice): bytes += Array(slice)
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
}
