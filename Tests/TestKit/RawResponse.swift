import NIOCore

/// A response as it stood on the wire, taken apart in the plainest way.
public struct RawResponse: Sendable, Equatable {
    public var status: Int
    /// Status line and fields, as they came, without the empty line.
    public var head: String
    public var body: String

    public init(status: Int, head: String, body: String) {
        self.status = status
        self.head = head
        self.body = body
    }

    /// The first value of a field; names are compared without case.
    public subscript(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return parts[1].trimmingPrefix(while: { $0 == " " }).description
            }
        }
        return nil
    }

    /// `nil` while the response is incomplete.
    static func take(_ buffer: inout ByteBuffer, toHead: Bool, atEnd: Bool) throws -> RawResponse? {
        let text = Array(buffer.readableBytesView)
        guard let headEnd = Self.find(Array("\r\n\r\n".utf8), in: text, from: 0) else { return nil }
        let head = String(decoding: text[..<headEnd], as: UTF8.self)
        guard let status = head.split(separator: " ").dropFirst().first.flatMap({ Int($0.prefix(3)) }) else {
            return nil
        }
        var response = RawResponse(status: status, head: head, body: "")
        let bodyStart = headEnd + 4
        var used = bodyStart
        if status == 100 || status == 204 || status == 304 || toHead {
        } else if let length = response["Content-Length"].flatMap({ Int($0) }) {
            guard text.count >= bodyStart + length else { return nil }
            response.body = String(decoding: text[bodyStart..<bodyStart + length], as: UTF8.self)
            used += length
        } else if response["Transfer-Encoding"] == "chunked" {
            var body: [UInt8] = []
            while true {
                guard let lineEnd = find([0x0D, 0x0A], in: text, from: used) else { return nil }
                guard let size = Int(String(decoding: text[used..<lineEnd], as: UTF8.self), radix: 16) else {
                    return nil
                }
                guard text.count >= lineEnd + 2 + size + 2 else { return nil }
                body += text[(lineEnd + 2)..<(lineEnd + 2 + size)]
                used = lineEnd + 2 + size + 2
                if size == 0 { break }
            }
            response.body = String(decoding: body, as: UTF8.self)
        } else {
            guard atEnd else { return nil }
            response.body = String(decoding: text[bodyStart...], as: UTF8.self)
            used = text.count
        }
        buffer.moveReaderIndex(forwardBy: used)
        return response
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= needle.count, start <= bytes.count - needle.count else { return nil }
        for index in start...(bytes.count - needle.count) where bytes[index...].starts(with: needle) { return index }
        return nil
    }
}
