import NIOCore
import Wire

/// What the channel, time, and the shell's own promises have to tell.
extension RequestPhases {
    /// The peer has connected, and owes a request.
    mutating func opened(_ now: NIODeadline) { runClock(now) }

    mutating func bytesArrived(_ bytes: ByteBuffer) {
        switch phase {
        case .head, .admitting, .body, .answering, .discarding:
            waitsForTurn = false
            if received.readableBytes == 0 { received = bytes } else { received.writeImmutableBuffer(bytes) }
        case .lingering(let count):
            let total = count + bytes.readableBytes
            phase = .lingering(bytes: total)
            if total > WebLimits.maxDiscardedBytes { close(.atOnce, nil) }
        case .refused, .takenOver, .closed: break
        }
    }

    /// All that one read brought has been worked off. Lets go of the buffer that was read into: whole when nothing of it is left, and
    /// of a large one but for the few bytes that are.
    mutating func batchEnded() {
        let count = received.readableBytes
        if count == 0 {
            received = ByteBuffer()
        } else if received.storageCapacity > max(4 * count, 4_096) {
            received = ByteBuffer(bytes: received.readableBytesView)
        }
    }

    mutating func writabilityChanged(_ isWritable: Bool) { self.isWritable = isWritable }

    mutating func turnCame() { waitsForTurn = false }

    /// Everything that was written has gone, and our half of the connection is closed behind it. What is left is the peer's to
    /// read: it has had its time for a request, so it gets a small part of that, and never more than a few round trips take.
    mutating func outputClosed(_ now: NIODeadline) {
        guard case .lingering = phase, clock == .off else { return }
        clock = .running(until: now + min(.nanoseconds(patience.nanoseconds / 4), Self.maxLingering))
    }

    mutating func timePassed(_ now: NIODeadline) {
        guard case .running(let deadline) = clock, deadline <= now else { return }
        clock = .off
        switch phase {
        case .closed, .takenOver, .refused: break
        case .lingering: close(.atOnce, nil)
        case .discarding:
            // It has its answer.
            linger()
            owed = .closing(.outputWhenWritten, .slow)
        case .head where received.readableBytes == 0:
            // Nothing has been asked, so there is nothing to answer.
            close(.atOnce, .slow)
        case .head, .admitting, .body, .answering:
            switch given(up: .slow) {
            case .close(let closing, let fault): owed = .closing(closing, fault)
            default: owed = .refusal(.slow)
            }
        }
    }

    /// The channel is gone.
    mutating func lost() { end() }

    private mutating func close(_ closing: Closing, _ fault: Fault?) {
        end()
        owed = .closing(closing, fault)
    }
}

/// What admission and the exchange have to tell.
extension RequestPhases {
    /// - Returns: Whether the request of this number waited for that.
    mutating func admitted(_ request: UInt32) -> Bool {
        guard case .admitting(let decoder) = phase, request == number else { return false }
        phase = .body(decoder)
        return true
    }

    /// The time that admission took was not the peer's.
    mutating func admissionTookTime(_ now: NIODeadline) {
        guard case .admitting = phase else { return }
        clock = .armed(until: now + patience)
    }

    /// - Parameter maxBehind: `Exchange.maxPipelinedBytes`.
    mutating func exchangeBegan(maxBehind: Int?) {
        guard isServing else { return }
        self.maxBehind = maxBehind
    }

    /// - Returns: Whether the peer is to be sent `100 Continue` now.
    mutating func continueIsDue() -> Bool {
        guard case .body = phase, awaitsContinue, !answerHasBegun else { return false }
        awaitsContinue = false
        return true
    }

    mutating func answerBegan() { answerHasBegun = true }

    /// The current answer can only end with the connection.
    mutating func answerEndsByClosing() { closesAfterAnswer = true }

    /// What an answer has to say of the connection's future; it is decided when this is asked.
    mutating func persistence() -> Persistence {
        // The peer holds a body back for a 100 that did not come: whether it will still send it is anybody's guess.
        if awaitsContinue { closesAfterAnswer = true }
        if closesAfterAnswer { return .closes }
        return minorVersion == 0 ? .isKept : .asUsual
    }

    enum Persistence {
        case asUsual
        /// To a peer of HTTP/1.0, which expects the contrary.
        case isKept
        case closes
    }

    /// The answer is complete.
    ///
    /// - Parameter inTurn: Whether `next` is called behind this in any case; otherwise the next request begins in a later turn. A scrape
    ///   that is delivered may come from another connection, whose next request would be answered from inside this one's, and so on,
    ///   as deep as there are connections.
    /// - Returns: Whether anything was to be answered.
    mutating func answered(_ now: @autoclosure () -> NIODeadline, inTurn: Bool) -> Bool {
        let rest: BodyDecoder?
        switch phase {
        case .admitting(let decoder), .body(let decoder): rest = decoder.hasEnded ? nil : decoder
        case .answering: rest = nil
        case .refused:
            linger()
            owed = .closing(.outputWhenWritten, nil)
            return true
        case .head, .discarding, .lingering, .takenOver, .closed: return false
        }
        answerHasBegun = false
        exchangePausesReading = false
        maxBehind = nil
        if closesAfterAnswer {
            if rest == nil && received.readableBytes == 0 {
                close(.whenWritten, nil)
            } else {
                linger()
                owed = .closing(.outputWhenWritten, nil)
            }
            return true
        }
        if let rest {
            phase = .discarding(rest, bytes: 0)
            runClock(now())
        } else {
            phase = .head
            clock = .off
        }
        if !inTurn && received.readableBytes > 0 {
            waitsForTurn = true
            owed = .turn
        }
        return true
    }

    /// The answer will never be complete.
    ///
    /// - Returns: Whether it was still to be.
    mutating func aborted() -> Bool {
        guard isServing else { return false }
        close(.withReset, nil)
        return true
    }

    mutating func readingPaused(_ isPaused: Bool) {
        if isServing { exchangePausesReading = isPaused }
    }

    /// The exchange answers for its own time limit.
    mutating func clockStopped() {
        if isServing { clock = .off }
    }

    /// The exchange waits for nothing more, so the rest of the request has to come soon again.
    mutating func clockResumed(_ now: NIODeadline) {
        if case .body = phase { runClock(now) }
    }

    /// The connection is somebody else's from here on: only behind a whole request, and in place of its answer.
    ///
    /// - Returns: What has come for the one who takes it; `nil` where it can't be taken.
    mutating func takenOver() -> ByteBuffer? {
        switch phase {
        case .answering where !answerHasBegun: break
        case .body(let decoder) where decoder.hasEnded && !answerHasBegun: break
        default: return nil
        }
        let early = received
        end()
        phase = .takenOver
        return early
    }

    /// Whether an exchange has a request to answer.
    var isServing: Bool {
        switch phase {
        case .body, .answering: true
        case .head, .admitting, .discarding, .refused, .lingering, .takenOver, .closed: false
        }
    }
}
