import Failures
import NIOCore
import Tunnel

/// What follows what in a connection that a scraper asked for (CONNECT): a value without sockets or timers.
///
/// | state | until | then |
/// | --- | --- | --- |
/// | connecting | the target has taken the connection, or says something | open |
/// | open | each half ends by itself: the target's, and the proxy's; both are through | over |
/// | any | something fails, the proxy gives it up, or the time to connect is up | over |
///
/// Each direction waits for its far side: the target is read while the stream wants more, and the proxy has credit for what the target's socket has
/// taken. Every event is legal in every state, and ignored where it comes late.
struct ConnectFlow {
    enum Action: Equatable {
        /// The proxy is told that the connection stands.
        case tellConnected
        /// Bytes of the target's, for the proxy.
        case send(ByteBuffer)
        /// The target sends no more. `finished` follows, when all is out.
        case sendEnd
        /// Bytes of the proxy's, for the target's socket. `written` follows.
        case write(ByteBuffer)
        /// Nothing comes behind what was written. `outputClosed` follows.
        case closeOutput
        /// The proxy may send so many bytes more.
        case giveCredit(Int)
        /// `readEnded` follows.
        case read
        /// The target's connection is closed, if there is one.
        case close
        /// The same with a reset: nobody takes it for an end.
        case abort
        /// The proxy is told why there is no connection, or none any more.
        case fail(FailureKind, String)
    }

    private enum State {
        case connecting
        case open(targetEnded: Bool, proxyEnded: Bool)
        case over
    }

    private var state = State.connecting
    /// A read has been asked for, and has not ended yet.
    private var isReading = false
    /// All that the proxy sent has reached the target's socket, the end of it too.
    private var isDrained = false
    /// All that the target sent has gone out on the tunnel, the end of it too.
    private var isFinished = false

    var isOver: Bool { if case .over = state { true } else { false } }

    // MARK: The target

    /// There is a channel, and it is being read; whether the target takes the connection shows later.
    mutating func attached() -> [Action] {
        guard case .connecting = state else { return [.close] }
        isReading = true
        return []
    }

    mutating func connected() -> [Action] {
        guard case .connecting = state else { return [] }
        state = .open(targetEnded: false, proxyEnded: false)
        return [.tellConnected]
    }

    mutating func targetSent(_ bytes: ByteBuffer) -> [Action] {
        // It may come before the connection is known to stand: a server that speaks first.
        let actions = connected()
        guard case .open(targetEnded: false, _) = state else { return actions }
        return actions + [.send(bytes)]
    }

    mutating func targetEnded() -> [Action] {
        let actions = connected()
        guard case .open(targetEnded: false, let proxyEnded) = state else { return actions }
        state = .open(targetEnded: true, proxyEnded: proxyEnded)
        return actions + [.sendEnd]
    }

    /// The target's connection is gone.
    ///
    /// - Parameter failure: What it failed with, if it did.
    mutating func targetClosed(_ failure: String?) -> [Action] {
        switch state {
        // Both have ended; what the target sent may still be on its way.
        case .open(targetEnded: true, proxyEnded: true), .over: return []
        // The end of the second half is told as the end of all.
        case .open(targetEnded: false, proxyEnded: true) where failure == nil: return targetEnded()
        case .connecting, .open:
            return failed(.targetBroken, "the target broke the connection off: \(failure ?? "it was closed")")
        }
    }

    /// - Parameter pending: Bytes that wait to be sent on the stream.
    mutating func readEnded(pending: Int) -> [Action] {
        isReading = false
        return becameHungry(pending: pending)
    }

    /// So many bytes have reached the target's socket.
    mutating func written(_ bytes: Int) -> [Action] { isOver ? [] : [.giveCredit(bytes)] }

    mutating func outputClosed() -> [Action] {
        isDrained = true
        return endIfDone()
    }

    // MARK: The proxy

    mutating func proxySent(_ bytes: ByteBuffer) -> [Action] {
        guard case .open(_, proxyEnded: false) = state else { return [] }
        return [.write(bytes)]
    }

    mutating func proxyEnded() -> [Action] {
        guard case .open(let targetEnded, proxyEnded: false) = state else { return [] }
        state = .open(targetEnded: targetEnded, proxyEnded: true)
        return [.closeOutput]
    }

    /// The stream wants more.
    mutating func becameHungry(pending: Int) -> [Action] {
        guard case .open(targetEnded: false, _) = state, !isReading, pending < TunnelSettings.highWater else {
            return []
        }
        isReading = true
        return [.read]
    }

    mutating func finished() -> [Action] {
        isFinished = true
        return endIfDone()
    }

    mutating func wasReset() -> [Action] {
        guard !isOver else { return [] }
        state = .over
        return [.abort]
    }

    // MARK: The end

    mutating func failed(_ kind: FailureKind, _ explanation: String) -> [Action] {
        guard !isOver else { return [] }
        state = .over
        return [.close, .fail(kind, explanation)]
    }

    private mutating func endIfDone() -> [Action] {
        guard isDrained, isFinished, !isOver else { return [] }
        state = .over
        return [.close]
    }
}
