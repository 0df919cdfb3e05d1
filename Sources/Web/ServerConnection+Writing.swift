import NIOCore
import Wire

/// What goes out to the peer, and what becomes of it when the peer does not read.
extension ServerConnection {
    private static let allocator = ByteBufferAllocator()

    /// Writes a complete answer and finishes. A large body is not copied; it is refused with 503 instead where too much waits for
    /// slow readers already.
    public func respond(_ response: Response) {
        let bodyBytes = response.bodyBytes
        let isSmall = bodyBytes <= WebLimits.maxCopiedBody
        if !isSmall && !isHeadRequest && !service.pending.admits(response.body, bytes: bodyBytes) {
            service.metrics.answersRefused.increment()
            respond(
                .text(
                    503, "too many bytes wait for slow readers (--web.max-pending-bytes)",
                    fields: [("Retry-After", "1")],
                    closes: response.closes))
            return
        }
        if response.closes { phases.answerEndsByClosing() }
        var buffer = beginBuffer(status: response.status, reserving: (isSmall ? bodyBytes : 0) + 256)
        if let type = response.contentType {
            buffer.writeStaticString("Content-Type: ")
            buffer.writeString(type)
            buffer.writeStaticString("\r\n")
        }
        if let settings = listener.settings { buffer.writeImmutableBuffer(settings.headerLines) }
        for field in response.fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
        if response.status != 204 && response.status != 304 {
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(bodyBytes))
            buffer.writeStaticString("\r\n")
        }
        writeConnectionField(into: &buffer)
        buffer.writeStaticString("\r\n")
        if isHeadRequest || isSmall {
            if !isHeadRequest { for piece in response.body { buffer.writeImmutableBuffer(piece) } }
            write(buffer)
        } else {
            writeLater(buffer)
            writeShared(response.body)
        }
        finish(status: response.status)
    }

    /// A buffer that begins with a status line; fields and the empty line are the caller's to add.
    public func beginBuffer(status: Int, reserving capacity: Int) -> ByteBuffer {
        var buffer = Self.allocator.buffer(capacity: capacity)
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeString("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
        }
        return buffer
    }

    /// Adds the `Connection` field that the current request's persistence asks for, if any.
    public func writeConnectionField(into buffer: inout ByteBuffer) {
        switch phases.persistence() {
        case .asUsual: break
        case .isKept: buffer.writeStaticString("Connection: keep-alive\r\n")
        case .closes: buffer.writeStaticString("Connection: close\r\n")
        }
    }

    /// Writes bytes of the current answer at once.
    public func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        phases.answerBegan()
        send(bytes, promise: promise)
    }

    func send(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        writtenBytes &+= bytes.readableBytes
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
        if !phases.isWritable { clock.watchWrites(self) }
    }

    /// Writes bytes that the next `write` sends along.
    public func writeLater(_ bytes: ByteBuffer) {
        phases.answerBegan()
        writtenBytes &+= bytes.readableBytes
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// Counts what a write keeps in memory until its peer has read it. Call it behind the `write`, once `wrote` is sure to be called,
    /// whether it comes before or after: what went at once then costs two additions.
    public func holds(_ bytes: Int) {
        heldBytes += bytes
        if heldBytes > countedBytes { countHeld() }
    }

    /// A write has gone to the socket, or never will.
    public func wrote(_ bytes: Int) {
        heldBytes -= bytes
        if countedBytes > max(heldBytes, 0) { countHeld() }
    }

    private func countHeld() {
        let held = max(heldBytes, 0)
        service.pending.add(held - countedBytes)
        countedBytes = held
        if held > 0 && channel != nil { clock.watchWrites(self) }
    }

    /// Writes pieces that other connections may be writing too.
    private func writeShared(_ pieces: [ByteBuffer]) {
        guard let context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        for piece in pieces.dropLast() { writeLater(piece) }
        write(pieces.last ?? ByteBuffer(), promise: written)
        var isGone = false
        var isHeld = false
        written.futureResult.assumeIsolated().whenComplete { [pending = service.pending] _ in
            isGone = true
            if isHeld { pending.release(pieces) }
        }
        if !isGone {
            isHeld = true
            service.pending.hold(pieces)
            clock.watchWrites(self)
        }
    }

    /// What was written and has not gone to the socket; bytes. Costs more than a look: nothing for every request.
    var bufferedBytes: Int {
        guard let channel, let options = channel.syncOptions else { return 0 }
        // Fails only on a channel that is closed.
        let ofSocket = (try? options.getOption(.bufferedWritableBytes)) ?? 0
        return listener.steps.reduce(ofSocket) { $0 + $1.bufferedBytes(in: channel) }
    }

    /// How far writing has come; it changes with every byte that the peer takes.
    struct WriteProgress: Equatable, Sendable {
        /// To the socket, modulo 2⁶⁴; bytes. Goes on only when a good part of the socket's buffer is free, which may be megabytes.
        let gone: Int
        /// What the kernel keeps until the peer acknowledges it; bytes of memory.
        let unacknowledged: UInt32
    }

    /// - Parameter buffered: `bufferedBytes`.
    func writeProgress(buffered: Int) -> WriteProgress {
        var memory = SocketMemory()
        if let provider = channel as? any SocketOptionProvider {
            let known: EventLoopFuture<SocketMemory> = provider.unsafeGetSocketOption(
                level: .socket, name: .init(rawValue: SocketMemory.option))
            known.assumeIsolated().whenSuccess { memory = $0 }
        }
        return WriteProgress(gone: writtenBytes &- buffered, unacknowledged: memory.writeQueued)
    }

    /// What `getsockopt` gives for `SO_MEMINFO` (Linux, include/uapi/linux/sock_diag.h).
    private struct SocketMemory: Sendable {
        static let option: CInt = 55

        var readAllocated: UInt32 = 0
        var readBuffer: UInt32 = 0
        var writeAllocated: UInt32 = 0
        var writeBuffer: UInt32 = 0
        var forwardAllocated: UInt32 = 0
        var writeQueued: UInt32 = 0
        var options: UInt32 = 0
        var backlog: UInt32 = 0
        var drops: UInt32 = 0
    }

    /// The peer has read nothing of what waits for it for too long. Whatever is under way hears that the connection is lost.
    func giveUpWriting() {
        channel?.closeWithReset()
        // Last, so that whoever sees it counted finds none of its bytes waiting any more.
        service.metrics.writeTimeouts.increment()
    }
}
