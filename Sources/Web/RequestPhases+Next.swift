import NIOCore
import Wire

extension RequestPhases {
    /// What is to be done next; `nil` when there is nothing until the next event. Events may come while an action is carried out, and
    /// are then taken account of by the next call.
    mutating func next(_ now: @autoclosure () -> NIODeadline) -> Action? {
        switch owed {
        case .nothing: break
        case .turn:
            owed = .nothing
            return .goOnLater
        case .refusal(let fault):
            owed = .nothing
            return .refuse(fault)
        case .closing(let closing, let fault):
            owed = .nothing
            return .close(closing, fault)
        }
        switch phase {
        case .head: return nextHead(now)
        case .body(var decoder): return nextOfBody(&decoder)
        case .discarding(var decoder, let bytes): return nextDiscarded(&decoder, bytes, now)
        case .admitting: return received.readableBytes > Self.maxHeldBytes ? given(up: .tooMuchBehind) : nil
        case .answering:
            return received.readableBytes > maxBehind ?? Self.maxHeldBytes ? given(up: .tooMuchBehind) : nil
        case .refused, .lingering, .takenOver, .closed: return nil
        }
    }

    private mutating func nextHead(_ now: () -> NIODeadline) -> Action? {
        // A peer that asks and asks and never reads would have its answers pile up.
        guard !waitsForTurn, isWritable else {
            guard received.readableBytes > Self.maxHeldBytes else { return nil }
            end()
            return .close(.atOnce, .tooMuchBehind)
        }
        guard received.readableBytes > 0 else { return nil }
        do throws(HeadError) {
            guard let head = try RequestHead.parse(&received, with: &parser) else {
                if received.readableBytes > 0 {
                    runClock(now())
                } else if number > 0 {
                    // Its first half may have started the clock: of an empty line behind a request nothing is owed.
                    clock = .off
                }
                return nil
            }
            headArrived(head, now())
            return .begin(head)
        } catch {
            return given(up: .head(error))
        }
    }

    private mutating func nextOfBody(_ decoder: inout BodyDecoder) -> Action? {
        do throws(BodyDecoder.MalformedChunk) {
            let step = try decoder.next(&received)
            switch step {
            case .bytes(let slice):
                phase = .body(decoder)
                return .bodyArrived(slice)
            case .end:
                phase = .answering
                clock = .off
                return .bodyEnded
            case .needsMore:
                phase = .body(decoder)
                // Armed for a request that arrives whole; this one does not.
                if case .armed(let deadline) = clock { clock = .running(until: deadline) }
                return nil
            }
        } catch {
            return given(up: .malformedBody)
        }
    }

    private mutating func nextDiscarded(
        _ decoder: inout BodyDecoder, _ before: Int, _ now: () -> NIODeadline
    ) -> Action? {
        guard !waitsForTurn else { return nil }
        var bytes = before
        do throws(BodyDecoder.MalformedChunk) {
            while true {
                let step = try decoder.next(&received)
                switch step {
                case .bytes(let slice):
                    bytes += slice.readableBytes
                    if bytes > WebLimits.maxDiscardedBytes {
                        linger()
                        return .close(.outputWhenWritten, nil)
                    }
                case .end:
                    phase = .head
                    clock = .off
                    return nextHead(now)
                case .needsMore:
                    phase = .discarding(decoder, bytes: bytes)
                    return nil
                }
            }
        } catch {
            linger()
            return .close(.outputWhenWritten, .malformedBody)
        }
    }

    /// The request is answered in the exchange's place; if part of an answer is out already, only a reset can say so.
    mutating func given(up fault: Fault) -> Action {
        clock = .off
        if case .head = phase { headGivenUp() }
        guard !answerHasBegun else {
            end()
            return .close(.withReset, fault)
        }
        phase = .refused
        received = ByteBuffer()
        closesAfterAnswer = true
        return .refuse(fault)
    }

    mutating func linger() {
        phase = .lingering(bytes: 0)
        received = ByteBuffer()
        clock = .off
    }

    mutating func end() {
        phase = .closed
        received = ByteBuffer()
        clock = .off
        owed = .nothing
    }

    mutating func runClock(_ now: NIODeadline) {
        switch clock {
        case .off: clock = .running(until: now + patience)
        case .armed(let deadline): clock = .running(until: deadline)
        case .running: break
        }
    }
}
