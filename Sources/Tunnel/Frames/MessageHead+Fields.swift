import NIOCore
import Wire

extension MessageHead {
    /// The payload of a greeting: header fields alone, each with its line end; an empty line behind them may be there or not.
    init?(fields: ByteBuffer) {
        var bytes = ByteBuffer(staticString: "fields\r\n")
        bytes.writeImmutableBuffer(fields)
        bytes.writeStaticString("\r\n")
        var parser = HeadParser(.response, maxBytes: FrameReader.maxPayload + 16, maxFields: Hello.maxFields)
        guard let head = try? parser.parse(&bytes) else { return nil }
        self = head
    }
}
