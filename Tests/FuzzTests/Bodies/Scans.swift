@testable import Bench

extension FuzzBody {
    /// Responses as the load generator reads them.
    static let scans = FuzzBody(name: "scans") { bytes in
        var input = FuzzInput(bytes)
        let cuts = input.cuts()
        let whole = try Scan(input.message.isEmpty ? [] : [input.message])
        let cut = try Scan(input.message.pieces(of: cuts))
        try require(whole == cut, "in one piece: \(whole); in pieces: \(cut)")
        try require(
            whole.bodyBytes <= input.message.count && whole.kept.count <= 16, "\(whole.bodyBytes) bytes of body")
    }
}

private struct Scan: Equatable {
    var isMalformed = false
    var isComplete = false
    var status = 0
    var bodyBytes = 0
    var kept: [UInt8] = []
    var closes = false
    /// Bytes behind the end.
    var left = 0

    init(_ pieces: [[UInt8]]) throws {
        var scanner = ResponseScanner(keeping: 16)
        for (index, piece) in pieces.enumerated() {
            var offset = 0
            let progress = piece.withUnsafeBytes { scanner.bytesArrived($0, offset: &offset) }
            try require(offset <= piece.count, "\(offset) of \(piece.count) bytes")
            switch progress {
            case .needsMore:
                try require(offset == piece.count, "\(piece.count - offset) bytes were left")
                continue
            case .malformed: isMalformed = true
            case .complete:
                isComplete = true
                left = pieces[(index + 1)...].reduce(piece.count - offset) { $0 + $1.count }
            }
            break
        }
        if !isComplete && !isMalformed { isComplete = scanner.connectionEnded() }
        // What is known of a malformed response is nobody's business.
        guard !isMalformed else { return }
        status = scanner.status
        bodyBytes = scanner.bodyBytes
        kept = scanner.kept
        closes = scanner.closes
    }
}
