import NIOCore

import func Glibc.memchr

/// Why bytes are no acceptable HTTP/1.x head, or no acceptable framing.
public enum HeadError: Error, Sendable, Equatable {
    /// Larger than the limit given; in bytes.
    case tooLarge(limit: Int)
    case tooManyFields(limit: Int)
    case malformedStartLine
    case unsupportedVersion
    case malformedField
    /// Content-Length with Transfer-Encoding, lengths that differ or are no numbers, an encoding other than chunked.
    case ambiguousLength
    case missingHost

    /// One short clause for logs and answers.
    public var explanation: String {
        switch self {
        case .tooLarge(let limit): "the head is larger than \(limit) bytes"
        case .tooManyFields(let limit): "the head has more than \(limit) fields"
        case .malformedStartLine: "the start line is malformed"
        case .unsupportedVersion: "the protocol version is not HTTP/1.x"
        case .malformedField: "a header field is malformed"
        case .ambiguousLength: "the body's length is ambiguous or its transfer coding is not understood"
        case .missingHost: "there must be exactly one Host field"
        }
    }
}

/// Finds and splits a message head at the beginning of a growing buffer.
///
/// Kept between calls while a head is incomplete, so that every byte is looked at once however the head is cut into pieces.
public struct HeadParser: Sendable {
    /// What may follow which line end: requests must keep to CRLF; a pushed response may come from a lenient server.
    public enum Dialect: Sendable {
        /// CRLF only, as a server must insist on where requests of several parties share connections (RFC 9112 section 2.2).
        case request
        /// CRLF or a bare LF, as Go's parser takes responses.
        case response
    }

    public let dialect: Dialect
    public let maxBytes: Int
    /// As NIO's own limit.
    public static let maxFields = 256
    private let maxFields: Int

    private var scanned = 0

    public init(_ dialect: Dialect, maxBytes: Int, maxFields: Int = Self.maxFields) {
        self.dialect = dialect
        self.maxBytes = maxBytes
        self.maxFields = maxFields
    }

    /// For a head that a peer sent to our other program, which passed it on inside a message: that program's own fields (`Id`, a timeout
    /// and its like) and line ends come on top of the limits that the peer had to keep to.
    init(carriedIn dialect: Dialect, maxBytes: Int) {
        self.dialect = dialect
        self.maxBytes = maxBytes.addingReportingOverflow(2_048).overflow ? maxBytes : maxBytes + 2_048
        maxFields = Self.maxFields + 8
    }

    /// Takes a head off the front of `buffer`; `nil` while it is incomplete. Empty lines before a request are skipped (RFC 9112
    /// section 2.2).
    public mutating func parse(_ buffer: inout ByteBuffer) throws(HeadError) -> MessageHead? {
        if dialect == .request && scanned == 0 {
            while buffer.readableBytesView.starts(with: [0x0D, 0x0A]) { buffer.moveReaderIndex(forwardBy: 2) }
        }
        guard let length = try lengthOfHead(buffer) else { return nil }
        scanned = 0
        // The length was found inside the readable bytes, so the slice exists.
        guard let bytes = buffer.readSlice(length: length) else { return nil }
        return try split(bytes)
    }

    private mutating func lengthOfHead(_ buffer: ByteBuffer) throws(HeadError) -> Int? {
        var lineStart = scanned
        let available = buffer.readableBytes
        let found: Int? = buffer.withUnsafeReadableBytes { raw in
            guard let base = raw.baseAddress else { return nil }
            while lineStart < available {
                guard let end = memchr(base + lineStart, 0x0A, available - lineStart) else { return nil }
                let lineEnd = UnsafeRawPointer(end) - base
                let isEmpty = lineEnd == lineStart || (lineEnd == lineStart + 1 && raw[lineStart] == 0x0D)
                lineStart = lineEnd + 1
                if isEmpty { return lineStart }
            }
            return nil
        }
        scanned = lineStart
        if (found ?? available) > maxBytes { throw .tooLarge(limit: maxBytes) }
        return found
    }

    private func split(_ bytes: ByteBuffer) throws(HeadError) -> MessageHead {
        var fields: [MessageHead.Field] = []
        fields.reserveCapacity(12)
        var startLine: Range<UInt32>?
        let error: HeadError? = bytes.withUnsafeReadableBytes { raw in
            var lineStart = 0
            while lineStart < raw.count {
                var lineEnd = lineStart
                while raw[lineEnd] != 0x0A { lineEnd += 1 }
                let next = lineEnd + 1
                if lineEnd > lineStart, raw[lineEnd - 1] == 0x0D {
                    lineEnd -= 1
                } else if dialect == .request {
                    return .malformedField
                }
                if startLine == nil {
                    startLine = UInt32(lineStart)..<UInt32(lineEnd)
                } else if lineEnd > lineStart {
                    if fields.count == maxFields { return .tooManyFields(limit: maxFields) }
                    guard let field = Self.field(raw, lineStart, lineEnd, next) else { return .malformedField }
                    fields.append(field)
                }
                lineStart = next
            }
            return nil
        }
        if let error { throw error }
        guard let startLine, !startLine.isEmpty else { throw .malformedStartLine }
        return MessageHead(bytes: bytes, startLine: startLine, fields: fields)
    }

    /// `nil` for a line without a colon, a name that is no token (a continuation line begins with a blank, so it is refused
    /// here), or a value with control characters.
    private static func field(
        _ raw: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ next: Int
    ) -> MessageHead.Field? {
        var colon = start
        while colon < end, raw[colon].isTokenCharacter { colon += 1 }
        guard colon > start, colon < end, raw[colon] == UInt8(ascii: ":") else { return nil }
        var valueStart = colon + 1
        var valueEnd = end
        while valueStart < valueEnd, raw[valueStart].isBlank { valueStart += 1 }
        while valueEnd > valueStart, raw[valueEnd - 1].isBlank { valueEnd -= 1 }
        for index in valueStart..<valueEnd {
            let byte = raw[index]
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return nil }
        }
        return MessageHead.Field(
            name: UInt32(start)..<UInt32(colon), value: UInt32(valueStart)..<UInt32(valueEnd),
            line: UInt32(start)..<UInt32(next))
    }
}
