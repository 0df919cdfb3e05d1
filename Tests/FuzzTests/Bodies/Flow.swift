@testable import Client

extension FuzzBody {
    /// A target's response through `ResponseParser` and `ScrapeFlow`, in any order of what happens at its two ends.
    ///
    /// Every byte that arrived is pushed in order, or the scrape failed and says so; and it ends.
    static let flow = FuzzBody(name: "flow") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let steps = (0..<Int(options >> 3)).map { _ in input.choice() }
        let cuts = input.cuts()
        let isHead = options & 1 == 1
        // A real message is too short to be streamed; half of all inputs are answered with a long one.
        var pieces = input.message.pieces(of: cuts)
        if options & 2 == 2 {
            pieces = longResponse(framing: input.choice(), kilobytes: input.choice(), isCut: options & 4 == 4)
                .pieces(of: cuts.map { $0 * 256 })
        }
        var drive = FlowDrive(pieces: pieces, isHead: isHead)
        for step in steps { try drive.take(step) }
        try drive.finish()
    }

    private static func longResponse(framing: UInt8, kilobytes: UInt8, isCut: Bool) -> [UInt8] {
        let count = Int(kilobytes % 160) * 1_000
        var message: [UInt8]
        switch framing % 3 {
        case 0: message = Array("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n".utf8)
        case 1: message = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        default: message = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        }
        let isChunked = framing % 3 == 1
        if isChunked { message += Array((String(max(1, count), radix: 16) + "\r\n").utf8) }
        message += (0..<(isChunked ? max(1, count) : count)).map { UInt8(truncatingIfNeeded: $0 / 7) }
        if isChunked { message += Array("\r\n0\r\n\r\n".utf8) }
        if isCut { message.removeLast(min(message.count, Int(framing))) }
        return message
    }
}
