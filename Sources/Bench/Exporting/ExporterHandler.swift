import NIOCore

/// One connection of the tiny exporter: answers every request with a body that names the host and the scrape it was asked for.
final class ExporterHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headLimit = 64 * 1_024

    private let payload: Payload
    private let size: Int
    private var held = ByteBuffer()

    init(payload: Payload, size: Int) {
        self.payload = payload
        self.size = size
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        held.writeBuffer(&buffer)
        while let request = nextRequest() { answer(request, context) }
        if held.readableBytes > Self.headLimit { context.close(promise: nil) }
    }

    private func nextRequest() -> (host: String, token: UInt64)? {
        let request = held.withUnsafeReadableBytes { bytes -> (length: Int, host: String, token: UInt64)? in
            guard let end = Self.headEnd(bytes) else { return nil }
            let line = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.firstIndex(of: 0x0A) ?? end)])
            var lines = HeaderLines(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            var host = ""
            while let (name, value) = lines.next() {
                if HeaderLines.isName(name, "host") {
                    host = String(decoding: value.prefix { $0 != 0x3A }, as: UTF8.self)
                }
            }
            return (end, host, PolledScrape.token(in: line) ?? 0)
        }
        guard let request else { return nil }
        held.moveReaderIndex(forwardBy: request.length)
        held.discardReadBytes()
        return (request.host, request.token)
    }

    private static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 3
        while index < bytes.count {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    private func answer(_ request: (host: String, token: UInt64), _ context: ChannelHandlerContext) {
        let first = Payload.firstLine(fqdn: request.host, token: request.token, size: size)
        let rest = payload.rest(size - first.utf8.count)
        var head = context.channel.allocator.buffer(capacity: 320)
        head.writeStaticString(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Encoding: gzip\r\n")
        head.writeString("Content-Length: \(first.utf8.count + rest.readableBytes)\r\n\r\n")
        head.writeString(first)
        context.write(wrapOutboundOut(head), promise: nil)
        context.writeAndFlush(wrapOutboundOut(rest), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
