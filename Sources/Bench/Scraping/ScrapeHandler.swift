import NIOCore

/// One keep-alive connection of the scraper, with one scrape at a time.
final class ScrapeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let scraper: ScraperCore
    private var context: ChannelHandlerContext?
    private var scanner = ResponseScanner(keeping: Payload.longestFirstLine)
    private(set) var current: Scrape?
    private var wasUsed = false

    init(scraper: ScraperCore) { self.scraper = scraper }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        scraper.opened(self)
    }

    func write(_ request: ByteBuffer, for scrape: Scrape) {
        guard let context else { return }
        current = scrape
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard current != nil else {
            scraper.strayBytes()
            context.close(promise: nil)
            return
        }
        var left = 0
        let progress = buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            defer { left = bytes.count - offset }
            return scanner.bytesArrived(bytes, offset: &offset)
        }
        switch progress {
        case .needsMore: return
        case .malformed: context.close(promise: nil)
        case .complete:
            if left > 0 { scraper.strayBytes() }
            finish(reusable: !scanner.closes && left == 0)
        }
    }

    private func finish(reusable: Bool) {
        guard let scrape = current else { return }
        current = nil
        wasUsed = true
        scraper.ended(
            scrape, status: scanner.status, length: scanner.bodyBytes, start: scanner.kept, on: reusable ? self : nil)
        if reusable { scanner.reset() } else { close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        if current != nil, scanner.connectionEnded() { finish(reusable: false) }
        let unanswered = current
        current = nil
        scraper.closed(self, unanswered: unanswered, mayRepeat: wasUsed && !scanner.isUnderWay)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Gives up the scrape in flight, which the caller accounts for.
    func abandon() {
        current = nil
        close()
    }

    func close() { context?.close(promise: nil) }
}
