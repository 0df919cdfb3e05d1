import NIOCore

/// Takes the masks off the payloads of a client's frames where they lie, while they arrive and before anybody reads them (RFC 6455 section 5.3).
///
/// Heads stay as they are. Behind one that breaks a rule nothing is touched: whoever reads the frames fails there.
struct Unmasker: Sendable {
    private enum State {
        case head(WebSocketFrameHead.Parser)
        case payload(left: Int, MaskingKey)
        case broken
    }

    private var state = State.head(WebSocketFrameHead.Parser(from: .client))

    /// - Parameter bytes: What comes next on the connection. Copied if somebody else holds it.
    mutating func unmask(_ bytes: inout ByteBuffer) {
        let start = bytes.readerIndex
        while bytes.readableBytes > 0, step(&bytes) {}
        bytes.moveReaderIndex(to: start)
    }

    /// Moves on behind what it has looked at.
    ///
    /// - Returns: Whether what follows can be looked at.
    private mutating func step(_ bytes: inout ByteBuffer) -> Bool {
        switch state {
        case .head(var parser):
            do throws(WebSocketFailure) {
                let head = try parser.parse(&bytes)
                state = head.map { .payload(left: $0.length, $0.key) } ?? .head(parser)
            } catch {
                state = .broken
            }
        case .payload(let left, var key):
            let count = min(left, bytes.readableBytes)
            bytes.maskFirst(count, with: &key)
            bytes.moveReaderIndex(forwardBy: count)
            state =
                count < left
                ? .payload(left: left - count, key) : .head(WebSocketFrameHead.Parser(from: .client))
        case .broken: return false
        }
        return true
    }
}
