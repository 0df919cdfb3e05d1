import NIOCore
import Wire

/// What a client pushed, taken apart: one whole push, or as much as came of one that broke off.
struct PushedAnswer: Sendable {
    /// The text of its `Id`; `nil` when it did not get that far.
    var id: String?
    var status = 0
    /// The client's own reason for a failure.
    var failure: String?
    var body = ByteBuffer()
    /// Whether response and body are all there.
    var isWhole = false

    /// - Parameters:
    ///   - bytes: the body of the push, without its own framing.
    ///   - ended: whether the push came to its end.
    init(_ bytes: ByteBuffer, ended: Bool) {
        var response = PushedResponseParser(maxHeadBytes: 65_536)
        response.receive(bytes)
        do {
            reading: while true {
                switch try response.next() {
                case .head(let head):
                    id = head.id
                    status = head.status
                    failure = head.failure
                case .body(var slice): body.writeBuffer(&slice)
                case .end:
                    isWhole = ended
                    break reading
                case .needsMore:
                    if ended { isWhole = try response.finish() }
                    break reading
                }
            }
        } catch {
            isWhole = false
        }
    }
}
