import NIOCore

/// What the first line of a response says (RFC 9112 section 4), but for its reason phrase.
struct StatusLine {
    let major: Int
    let minor: Int
    /// 0…999.
    let status: Int

    /// `nil` for a line that is not `HTTP/x.y nnn`, alone or with a space and a reason phrase behind it.
    init?(of message: MessageHead) {
        let line = message.bytes.withUnsafeReadableBytes { raw -> (major: Int, minor: Int, status: Int)? in
            let line = raw[message.startLine]
            guard line.count >= 12, let version = HTTPVersion.parse(line.prefix(8)),
                line[line.startIndex + 8] == UInt8(ascii: " "),
                let status = line[(line.startIndex + 9)..<(line.startIndex + 12)].decimalNumber(),
                line.count == 12 || line[line.startIndex + 12] == UInt8(ascii: " ")
            else { return nil }
            return (version.major, version.minor, status)
        }
        guard let line else { return nil }
        (major, minor, status) = line
    }
}

extension MessageHead {
    /// Writes a response's status and its reason phrase as they came, `200 OK`, and a CRLF. Of a phrase beyond printable ASCII only what may
    /// be shown (`withoutControls`): who reads it is not to be steered by it.
    func writeStatusAndReason(into buffer: inout ByteBuffer) {
        bytes.withUnsafeReadableBytes { raw in
            let text = raw[startLine].dropFirst(9)
            if text.allSatisfy(\.isPrintableASCII) {
                buffer.writeBytes(text)
            } else {
                buffer.writeString(String(decoding: text, as: UTF8.self).withoutControls)
            }
        }
        buffer.writeStaticString("\r\n")
    }

    /// A response's status and its reason phrase, in one line that may be shown.
    var statusAndReason: String {
        bytes.withUnsafeReadableBytes { raw in
            String(decoding: raw[startLine].dropFirst(9).trimmingBlanks(), as: UTF8.self).withoutControls
        }
    }
}
