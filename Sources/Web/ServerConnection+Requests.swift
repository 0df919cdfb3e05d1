import NIOCore
import Wire

/// From bytes to requests, one after the other.
extension ServerConnection {
    var isAnswered: Bool {
        if case .answering = phase { return false }
        if case .body = phase { return false }
        if case .head = phase { return false }
        return true
    }

    /// Goes on with what has been received while nothing more is read.
    func processLater() {
        if case .head = phase { setReading(paused: false) }
        process()
        exchange?.readBatchEnded()
        trimReceived()
    }

    /// Lets go of the buffer that was read into: whole when nothing of it is left, and of a large one but for the few bytes that are.
    func trimReceived() {
        let count = received.readableBytes
        if count == 0 {
            received = ByteBuffer()
        } else if received.storageCapacity > max(4 * count, 4_096) {
            received = ByteBuffer(bytes: received.readableBytesView)
        }
    }

    /// Works off what has been received, as far as the phases allow.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while true {
            switch phase {
            case .head:
                // A peer that asks and asks and never reads would have its answers pile up here.
                guard context != nil, isWritable else {
                    setReading(paused: true)
                    return
                }
                do {
                    guard let head = try RequestHead.parse(&received, with: &headParser) else {
                        if received.readableBytes > 0 { startClock() } else { restIfIdle() }
                        return
                    }
                    begin(head)
                } catch {
                    refuse(error)
                    return
                }
            case .body(var decoder):
                guard let step = step(&decoder) else { return }
                // The exchange may answer, and so change the phase, while it is told.
                phase = .body(decoder)
                switch step {
                case .bytes(let slice): exchange?.bodyArrived(slice)
                case .end:
                    phase = .answering
                    stopClock()
                    exchange?.bodyEnded()
                case .needsMore:
                    if clockDeadline != .distantFuture { startClock() }
                    return
                }
            case .discarding(var decoder, let bytes):
                guard let step = step(&decoder) else { return }
                switch step {
                case .bytes(let slice):
                    let total = bytes + slice.readableBytes
                    phase = .discarding(decoder, bytes: total)
                    if total > WebLimits.maxDiscardedBytes {
                        closeGently()
                        return
                    }
                case .end:
                    phase = .head
                    stopClock()
                case .needsMore:
                    phase = .discarding(decoder, bytes: bytes)
                    return
                }
            case .answering:
                if let most = exchange?.maxPipelinedBytes {
                    guard received.readableBytes > most else { return }
                    refusePipelined()
                } else {
                    if received.readableBytes > WebLimits.maxPipelinedBytes { setReading(paused: true) }
                    return
                }
            case .lingering, .closed:
                received = ByteBuffer()
                return
            }
        }
    }

    func step(_ decoder: inout BodyDecoder) -> BodyDecoder.Step? {
        do {
            return try decoder.next(&received)
        } catch {
            service.metrics.malformedRequests.increment()
            let lost = exchange
            exchange = nil
            if case .body = phase {
                respond(.text(400, "the request's chunked body is malformed", closes: true))
            } else {
                closeGently()
            }
            lost?.connectionLost()
            return nil
        }
    }

    func begin(_ head: RequestHead) {
        minorVersion = head.minorVersion
        isHeadRequest = head.method == "HEAD"
        closesAfterResponse = !head.keepsAlive
        awaitsContinue = false
        observer = nil
        headBegan = context?.eventLoop.now ?? .now()
        // From now on the clock is the exchange's to stop: a body that must come before anybody waits for it has to come soon.
        clockDeadline = isOnClock ? clockDeadline : headBegan + service.readTimeout
        let decoder = BodyDecoder(head.framing)
        phase = .body(decoder)
        if head.expectsContinue && !decoder.hasEnded { awaitsContinue = true }
        exchange = nil
        let made = router.exchange(for: head, on: self)
        // Unless the router has answered already, and the connection gone on or away.
        guard case .body = phase else { return }
        exchange = made
        if awaitsContinue {
            awaitsContinue = false
            write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
    }

    func refuse(_ error: HeadError) {
        let status: Int
        switch error {
        case .tooLarge, .tooManyFields:
            status = 431
            service.metrics.oversizedHeads.increment()
        case .unsupportedVersion:
            status = 505
            service.metrics.malformedRequests.increment()
        case .malformedStartLine, .malformedField, .ambiguousLength, .missingHost:
            status = 400
            service.metrics.malformedRequests.increment()
        }
        isHeadRequest = false
        observer = nil
        closesAfterResponse = true
        respond(.text(status, error.explanation, closes: true))
    }

    func observe(_ status: Int) {
        guard let observer else { return }
        self.observer = nil
        let now = context?.eventLoop.now ?? .now()
        observer.requestEnded(status: status, after: now - headBegan)
    }

    /// Puts this connection on the clock, unless it is; the time of a request counts from its first byte.
    func startClock() {
        guard !isOnClock, let context else { return }
        isOnClock = true
        if clockDeadline == .distantFuture { clockDeadline = context.eventLoop.now + service.readTimeout }
        clock.add(self)
    }

    /// The peer sends on and on behind a request that may wait for long. Held back in its socket, that would hide its leaving.
    private func refusePipelined() {
        service.metrics.pipeliningRefused.increment()
        closesAfterResponse = true
        let lost = exchange
        exchange = nil
        respond(.text(400, "too much was sent behind a request that waits for its answer", closes: true))
        lost?.connectionLost()
    }

    /// Between requests, with nothing left to read or write, the connection is idle.
    func restIfIdle() {
        guard case .head = phase, idling == .no, !isOnClock, !isWatched, received.readableBytes == 0, context != nil
        else { return }
        clock.beginIdling(self)
    }

    func closeIdle() {
        clock.endIdling(self)
        context?.close(promise: nil)
    }

    func closeGently() {
        guard let context else { return }
        let requestIsComplete =
            switch phase {
            case .answering: true
            case .body(let decoder): decoder.hasEnded
            case .head, .discarding, .lingering, .closed: false
            }
        let isOver = requestIsComplete && received.readableBytes == 0
        if isOver {
            phase = .closed
        } else {
            phase = .lingering(bytes: 0)
            received = ByteBuffer()
            readingPaused = true
            setReading(paused: false)
        }
        stopClock()
        // The close waits for what has been written, and `ConnectionClock` sees to it that the peer reads it.
        var isWritten = false
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            isWritten = true
            if isOver {
                context.close(promise: nil)
            } else {
                context.close(mode: .output, promise: nil)
                self.startClock()
            }
        }
        if !isWritten { clock.watchWrites(self) }
    }

    func discardLingering(_ count: Int) {
        phase = .lingering(bytes: count)
        if count > WebLimits.maxDiscardedBytes { context?.close(promise: nil) }
    }
}
