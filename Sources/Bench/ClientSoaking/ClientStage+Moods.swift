import NIOCore

/// The moods of the proxy on a client's stage, one after the other.
extension ClientStage {
    /// Goes on to the next mood, or, when the load is over, ends the trouble: the proxy is there, and serves.
    func changeMood() {
        moodTimer?.cancel()
        let (next, milliseconds) = isHandingOut ? schedule.next() : (.serves, 1_000)
        if mood == .gone { return openAgain(next, milliseconds) }
        if isHandingOut || mood != .serves { become(next, milliseconds) }
    }

    private func openAgain(_ next: ProxyMood, _ milliseconds: Int64) {
        openProxy(port: proxyPort).whenComplete { result in
            if case .failure = result {
                // Somebody else has the port for a moment.
                self.after(.milliseconds(50)) { self.openAgain(next, milliseconds) }
            } else {
                self.become(next, milliseconds)
            }
        }
    }

    private func become(_ next: ProxyMood, _ milliseconds: Int64) {
        if mood != .serves { countPolls() }
        mood = next
        troubleMilliseconds = milliseconds
        if next != .serves {
            if let ended = troubleEndedAt { ledger.recovered(after: loop.now - ended) }
            troubleEndedAt = nil
            pollsInTrouble = 0
            ledger.troubleBegan(next)
        }
        switch next {
        case .serves: troubleEndedAt = parked == nil ? loop.now : nil
        case .gone:
            ledger.proxyVanished()
            listener?.close(promise: nil)
            listener = nil
            parked = nil
            let isReset = Bool.random(using: &random)
            for handler in Array(connections.values) { handler.vanish(isReset: isReset) }
        default: if let poll = parked, let answer = next.pollAnswer { refuse(poll, answer) }
        }
        moodTimer = loop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { self.changeMood() }
    }

    /// A client may poll once in half its backoff, and a few times more, since a proxy that ends polls as idle gets six for free.
    private func countPolls() {
        let half = max(1, configuration.backoff.nanoseconds / 2_000_000)
        let allowed = Int(troubleMilliseconds / half) + 10
        ledger.troubleEnded(polls: mood.pollAnswer == nil ? 0 : pollsInTrouble, allowed: allowed)
    }
}
