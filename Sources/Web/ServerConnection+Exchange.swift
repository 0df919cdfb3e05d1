import NIOCore

/// What exchanges say, beside what they write.
extension ServerConnection {
    /// The current answer is complete; the connection goes on to the next request or ends.
    public func finish(status: Int) {
        guard phases.answered(clock.loop.now, inTurn: isRunning) else { return }
        exchange = nil
        observe(status)
        run()
    }

    /// The response can only end with the connection: call it before `writeConnectionField`.
    public func closeAfterResponse() { phases.answerEndsByClosing() }

    /// Ends the connection in a way that can't be taken for the end of a response: with a reset.
    public func abort(status: Int) {
        guard phases.aborted() else { return }
        exchange = nil
        observe(status)
        run()
    }

    /// The exchange answers for its own time limit from here on.
    public func stopClock() { run { phases.clockStopped() } }

    /// The exchange waits for nothing more, so the rest of the request has to come soon again.
    public func resumeClock() { run { phases.clockResumed(clock.loop.now) } }

    /// Stops or resumes reading the peer's bytes, so that a slow receiver slows its sender.
    public func setReading(paused: Bool) { run { phases.readingPaused(paused) } }
}
