/// How a message's body is delimited (RFC 9112 section 6).
public enum Framing: Sendable, Equatable {
    case none
    /// In bytes.
    case length(Int)
    case chunked
    /// Runs to the end of whatever carries the message.
    case untilEnd

    /// The framing that a head's fields announce; `nil` when they announce none.
    static func announced(by head: MessageHead) throws(HeadError) -> Framing? {
        var length: Int?
        var broken = false
        head.forEachValue("Content-Length") { value in
            let number = value.decimalNumber()
            if number == nil || (length != nil && length != number) { broken = true }
            length = number
            return !broken
        }
        var isChunked = false
        var encodings = 0
        head.forEachValue("Transfer-Encoding") { value in
            encodings += 1
            isChunked = value.equalsIgnoringCase("chunked")
            return encodings < 2
        }
        if broken || encodings > 1 || (encodings == 1 && (!isChunked || length != nil)) { throw .ambiguousLength }
        if isChunked { return .chunked }
        return length.map { .length($0) }
    }
}
