import NIOCore

/// Reason phrases of the statuses that these programs answer with themselves (RFC 9110 section 15).
public enum ResponseStatus {
    public static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status \(status)"
        }
    }
}

/// A complete answer of our own.
public struct Response: Sendable {
    public var status: Int
    public var contentType: String?
    /// Further fields, in order.
    public var fields: [(name: String, value: String)] = []
    /// In pieces, which several answers may share: none is copied for a large one.
    public var body: [ByteBuffer]
    /// Whether the connection ends with this response.
    public var closes = false

    public init(
        status: Int, contentType: String?, body: [ByteBuffer], fields: [(name: String, value: String)] = [],
        closes: Bool = false
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.fields = fields
        self.closes = closes
    }

    /// Of the whole body.
    public var bodyBytes: Int { body.reduce(0) { $0 + $1.readableBytes } }

    /// One line of plain text; a line feed is added, and line breaks inside become spaces.
    public static func text(
        _ status: Int, _ line: String, fields: [(name: String, value: String)] = [], closes: Bool = false
    ) -> Response {
        let flat = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return Response(
            status: status, contentType: "text/plain; charset=utf-8", body: [ByteBuffer(string: String(flat) + "\n")],
            fields: fields, closes: closes)
    }
}
