import NIOCore
import Wire

/// From what `RequestPhases` decides to what is done.
extension ServerConnection {
    /// Tells of an event and does what follows from it and from what has been told before, unless a call further out on the stack is at
    /// that already.
    func run(after event: () -> Void = {}) {
        guard !isRunning else {
            event()
            return
        }
        isRunning = true
        event()
        while let action = phases.next(clock.loop.now) { perform(action) }
        isRunning = false
        settle()
    }

    /// Goes on with what has been received, while nothing more is read.
    func goOn(after event: () -> Void = {}) {
        run(after: event)
        exchange?.readBatchEnded()
        phases.batchEnded()
    }

    private func perform(_ action: RequestPhases.Action) {
        switch action {
        case .begin(let head): listener.router.admit(head, on: self)
        case .bodyArrived(let slice): exchange?.bodyArrived(slice)
        case .bodyEnded: exchange?.bodyEnded()
        case .refuse(let fault):
            count(fault)
            if case .head = fault { observer = nil }
            let lost = exchange
            exchange = nil
            respond(response(to: fault))
            lost?.connectionLost()
        case .close(let closing, let fault):
            if let fault { count(fault) }
            close(closing)
        case .goOnLater:
            eventLoop.assumeIsolated().execute { self.goOn { self.phases.turnCame() } }
        }
    }

    /// Brings channel and clock to what holds now.
    func settle() {
        guard let context else { return }
        let wantsReading = phases.wantsReading
        if wantsReading != isReading {
            isReading = wantsReading
            // Fails only on a channel that is closed.
            try? context.channel.syncOptions?.setOption(.autoRead, value: wantsReading)
        }
        let owes = phases.deadline != nil
        if owes != isOnClock {
            isOnClock = owes
            if owes { clock.add(self) } else { clock.remove(self) }
        }
        restIfIdle()
    }

    /// Between requests, with nothing left to read or write, the connection is idle.
    func restIfIdle() {
        guard phases.isIdle, idling == .no, !isWatched, context != nil else { return }
        clock.beginIdling(self)
    }

    func closeIdle() {
        clock.endIdling(self)
        context?.close(promise: nil)
    }

    /// `RequestPhases.deadline` has passed.
    func clockExpired(_ now: NIODeadline) { run { phases.timePassed(now) } }

    /// Hands the admitted request to what serves it.
    ///
    /// - Parameter make: May answer already.
    @usableFromInline func serve(_ make: () -> any Exchange) {
        exchange = nil
        let number = phases.number
        let made = make()
        guard phases.isServing, number == phases.number else { return }
        exchange = made
        phases.exchangeBegan(maxBehind: made.maxPipelinedBytes)
        if phases.continueIsDue() { send(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")) }
    }

    func observe(_ status: Int) {
        guard let observer else { return }
        self.observer = nil
        observer.requestEnded(status: status, after: clock.loop.now - phases.began)
    }

    private func count(_ fault: RequestPhases.Fault) {
        switch fault {
        case .head(.tooLarge), .head(.tooManyFields): service.metrics.oversizedHeads.increment()
        case .head, .malformedBody: service.metrics.malformedRequests.increment()
        case .slow: service.metrics.slowRequests.increment()
        case .tooMuchBehind: service.metrics.pipeliningRefused.increment()
        }
    }

    private func response(to fault: RequestPhases.Fault) -> Response {
        switch fault {
        case .head(let error):
            let status =
                switch error {
                case .tooLarge, .tooManyFields: 431
                case .unsupportedVersion: 505
                case .malformedStartLine, .malformedField, .ambiguousLength, .missingHost: 400
                }
            return .text(status, error.explanation, closes: true)
        case .malformedBody: return .text(400, "the request's chunked body is malformed", closes: true)
        case .slow:
            return .text(408, "the request did not arrive within \(service.limits.readHeaderTimeout)", closes: true)
        case .tooMuchBehind:
            return .text(400, "too much was sent behind a request that waits for its answer", closes: true)
        }
    }

    private func close(_ closing: RequestPhases.Closing) {
        guard let context else { return }
        switch closing {
        case .atOnce: context.close(promise: nil)
        case .withReset: context.channel.closeWithReset()
        case .whenWritten: whenWritten { context.close(promise: nil) }
        case .outputWhenWritten:
            whenWritten {
                context.close(mode: .output, promise: nil)
                self.run { self.phases.outputClosed(self.clock.loop.now) }
            }
        }
    }

    /// Waits for what has been written; `ConnectionClock` sees to it that the peer reads it.
    private func whenWritten(_ body: @escaping () -> Void) {
        guard let context else { return }
        var isWritten = false
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            isWritten = true
            body()
        }
        if !isWritten { clock.watchWrites(self) }
    }
}
