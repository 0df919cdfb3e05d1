import NIOCore

/// One connection to a target of the client under a soak: does with every scrape what its plan says.
final class StageTargetHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let stage: ClientStage
    private var held = ByteBuffer()
    private var requests = 0

    init(stage: ClientStage) { self.stage = stage }

    func channelActive(context: ChannelHandlerContext) { stage.opened(context.channel) }
    func channelInactive(context: ChannelHandlerContext) { stage.closed(context.channel) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        held.writeBuffer(&bytes)
        guard held.readableBytesView.suffix(4).elementsEqual([13, 10, 13, 10]) else { return }
        let token = held.withUnsafeReadableBytes { PolledScrape($0)?.token }
        held.clear()
        requests += 1
        guard let plan = token.flatMap({ stage.ledger.plan($0) }) else { return context.close(promise: nil) }
        perform(plan, on: context.channel)
    }

    private func perform(_ plan: TargetPlan, on channel: any Channel) {
        let milliseconds = Int64(plan.chance * 300)
        switch plan.behaviour {
        case .answers: send(response(plan), on: channel)
        case .closes: send(response(plan), on: channel) { channel.close(promise: nil) }
        case .closesIdle:
            let served = requests
            send(response(plan), on: channel) {
                // The next request may be on its way; one that has come is not let down.
                self.stage.after(.milliseconds(milliseconds)) {
                    if self.requests == served { channel.close(promise: nil) }
                }
            }
        case .drips: drip(response(plan), on: channel)
        case .saysContinue: send([interim(1 + Int(plan.chance * 9))] + response(plan), on: channel)
        case .announcesLess:
            let surplus = ByteBuffer(string: String(repeating: "y", count: plan.size - plan.wholeSize + 1))
            let whole = stage.bodies.body(plan, size: plan.wholeSize)
            send([head(plan, length: "\(plan.wholeSize)")] + whole + [surplus], on: channel) {
                channel.close(promise: nil)
            }
        case .announcesMore:
            send([head(plan, length: "\(plan.size + 1 + Int(plan.chance * 100_000))")] + body(plan), on: channel) {
                channel.close(promise: nil)
            }
        case .announcesMost:
            send([head(plan, length: "9223372036854775807")] + body(plan), on: channel) { channel.close(promise: nil) }
        case .stalls, .unreachable, .otherHost, .untimed: break
        case .stallsMidway: send(half(plan), on: channel)
        case .dripsForever: dripForever(plan, on: channel)
        case .resets: channel.closeWithReset()
        case .resetsMidway:
            send(half(plan), on: channel) {
                self.stage.after(.milliseconds(milliseconds / 4)) { channel.closeWithReset() }
            }
        case .sendsGarbage: send([garbage(plan)], on: channel) { channel.close(promise: nil) }
        case .endlessHead:
            let field = "X-Field: \(String(repeating: "z", count: 4_000))\r\n"
            send([ByteBuffer(string: "HTTP/1.1 200 OK\r\n")], on: channel)
            repeats(ByteBuffer(string: field), on: channel)
        case .endlessBody:
            let framing = plan.framing == .chunked ? "Transfer-Encoding: chunked\r\n" : ""
            let filler = String(repeating: "endless ", count: 4_096)
            send([ByteBuffer(string: "HTTP/1.1 200 OK\r\n\(framing)\r\n")], on: channel)
            repeats(ByteBuffer(string: plan.framing == .chunked ? "8000\r\n\(filler)\r\n" : filler), on: channel)
        case .continuesForever: repeats(interim(3), on: channel)
        }
    }

    // MARK: Ways of sending

    private func send(_ pieces: [ByteBuffer], on channel: any Channel, then: @escaping () -> Void = {}) {
        for piece in pieces.dropLast() { channel.write(piece, promise: nil) }
        channel.writeAndFlush(pieces.last ?? ByteBuffer()).assumeIsolated().whenSuccess { then() }
    }

    /// In 12 pieces, 20 ms apart.
    private func drip(_ pieces: [ByteBuffer], on channel: any Channel) {
        var rest = ByteBuffer()
        for piece in pieces { rest.writeImmutableBuffer(piece) }
        let size = rest.readableBytes / 12 + 1
        func next() {
            guard let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 else {
                return
            }
            channel.writeAndFlush(piece, promise: nil)
            stage.after(.milliseconds(20)) { next() }
        }
        next()
    }

    /// A byte every 50 ms; never all of them.
    private func dripForever(_ plan: TargetPlan, on channel: any Channel) {
        send([head(plan, length: "\(plan.size + 10_000)")], on: channel)
        func next() {
            guard channel.isActive else { return }
            channel.writeAndFlush(ByteBuffer(integer: UInt8(ascii: "d")), promise: nil)
            stage.after(.milliseconds(50)) { next() }
        }
        next()
    }

    /// The same again every 5 ms, until the client has had enough.
    private func repeats(_ piece: ByteBuffer, on channel: any Channel) {
        guard channel.isActive else { return }
        if channel.isWritable { channel.writeAndFlush(piece, promise: nil) }
        stage.after(.milliseconds(5)) { self.repeats(piece, on: channel) }
    }

    // MARK: Bytes

    private func body(_ plan: TargetPlan) -> [ByteBuffer] { stage.bodies.body(plan, size: plan.size) }

    private func head(_ plan: TargetPlan, length: String) -> ByteBuffer {
        ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(length)\r\n\r\n")
    }

    private func interim(_ count: Int) -> ByteBuffer {
        ByteBuffer(string: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: count))
    }

    /// Head and body as they are framed.
    private func response(_ plan: TargetPlan) -> [ByteBuffer] {
        switch plan.framing {
        case .length: return [head(plan, length: "\(plan.size)")] + body(plan)
        case .old:
            let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(plan.size)\r\n\r\n"
            return [ByteBuffer(string: head)] + body(plan)
        case .untilClose:
            return [ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")] + body(plan)
        case .chunked:
            var pieces = [ByteBuffer(string: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
            for var part in body(plan) {
                while let slice = part.readSlice(length: min(plan.chunk, part.readableBytes)), slice.readableBytes > 0 {
                    pieces.append(ByteBuffer(string: "\(String(slice.readableBytes, radix: 16))\r\n"))
                    pieces.append(slice)
                    pieces.append(ByteBuffer(string: "\r\n"))
                }
            }
            return pieces + [ByteBuffer(string: "0\r\n\r\n")]
        }
    }

    /// The head, and half of the body that it announces.
    private func half(_ plan: TargetPlan) -> [ByteBuffer] {
        [head(plan, length: "\(plan.size)")] + stage.bodies.body(plan, size: plan.size / 2)
    }

    private func garbage(_ plan: TargetPlan) -> ByteBuffer {
        let kinds = [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "\r\n\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}", "",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "<html>no HTTP</html>\n",
        ]
        return ByteBuffer(string: kinds[Int(plan.chance * Double(kinds.count))])
    }
}
