import NIOCore
import Wire

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

    /// One line of plain text; a line feed is added, and what is not to be shown is cleaned away (`withoutControls`).
    public static func text(
        _ status: Int, _ line: String, fields: [(name: String, value: String)] = [], closes: Bool = false
    ) -> Response {
        Response(
            status: status, contentType: "text/plain; charset=utf-8",
            body: [ByteBuffer(string: line.withoutControls + "\n")],
            fields: fields, closes: closes)
    }
}
