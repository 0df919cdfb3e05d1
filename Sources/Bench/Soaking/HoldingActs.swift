import NIOCore

/// Behaviours that take what others need: slots, memory, CPU, names, lines of the log.
extension ChaosCore {
    /// Asks once, then is idle until the proxy closes.
    func stayIdle(ended: @escaping () -> Void) {
        open(
            ChaosHandler.Script(
                opening: requests(1, line: "GET /-/healthy"), answered: { _, _ in nil }, ended: ended))
    }

    func neverRead(_ client: FleetClient) {
        guard Bool.random(using: &random) else {
            return askWithoutReading(client) { self.actEnded() }
        }
        let script = ChaosHandler.Script(
            opening: requests(120, line: "GET /clients"), answered: { _, _ in nil }, ended: { self.actEnded() })
        open(script, reads: false) { channel in self.after(milliseconds: 5_000...40_000) { channel.closeWithReset() } }
    }

    /// Scrapes `client`, and reads nothing of the answer.
    func askWithoutReading(_ client: FleetClient, ended: @escaping () -> Void) {
        counts.unread += 1
        let script = ChaosHandler.Script(
            opening: largeScrape(of: client), answered: { _, _ in nil }, ended: ended)
        open(script, reads: false) { channel in self.after(milliseconds: 3_000...20_000) { channel.closeWithReset() } }
    }

    func sendEndlessly() {
        counts.garbage += 1
        let (head, piece) = endlessRequest()
        var answered = false
        let script = ChaosHandler.Script(
            opening: head,
            answered: { _, _ in
                answered = true
                return nil
            }, ended: { self.actEnded() })
        open(script) { channel in
            self.send(piece, on: channel, left: Self.endlessLimit) { answered }
            self.after(milliseconds: 30_000...30_000) { channel.closeWithReset() }
        }
    }

    private func send(
        _ piece: ByteBuffer, on channel: any Channel, left: Int, until isAnswered: @escaping () -> Bool
    ) {
        guard channel.isActive else { return }
        guard left > 0, !isAnswered() else {
            if !isAnswered() { counts.swallowed += 1 }
            return channel.closeWithReset()
        }
        var taken = 0
        while taken < 4, channel.isWritable {
            channel.writeAndFlush(piece, promise: nil)
            taken += 1
        }
        after(milliseconds: 20...20) {
            self.send(piece, on: channel, left: left - taken * piece.readableBytes, until: isAnswered)
        }
    }

    /// Polls on a new connection every time, each for tens of milliseconds.
    func pollAgain(times: Int, _ poll: @escaping () -> ByteBuffer) {
        guard times > 0 else { return actEnded() }
        let script = ChaosHandler.Script(
            opening: poll(),
            answered: { status, _ in
                if status == 200 { self.counts.scrapes += 1 }
                return nil
            }, ended: { self.pollAgain(times: times - 1, poll) })
        open(script) { channel in self.after(milliseconds: 20...150) { channel.close(promise: nil) } }
    }

    func pipelineAndLeave(_ client: FleetClient) {
        var opening = client.poll
        opening.writeRepeatingByte(UInt8(ascii: "x"), count: Int.random(in: 1_000_000...3_000_000, using: &random))
        open(ChaosHandler.Script(opening: opening, answered: { _, _ in nil }, ended: { self.actEnded() })) { channel in
            self.after(milliseconds: 200...2_000) { channel.close(promise: nil) }
        }
    }

    func pipelineBadTargets() {
        let count = 200
        counts.badTargets += count
        let script = ChaosHandler.Script(
            opening: requests(count, line: "GET x"), answered: { _, _ in nil }, ended: { self.actEnded() })
        open(script) { channel in self.after(milliseconds: 1_000...3_000) { channel.close(promise: nil) } }
    }

    func sendOrigin(_ client: FleetClient) {
        counts.garbage += 1
        var close: () -> Void = {}
        let script = ChaosHandler.Script(
            opening: originRequest(client),
            answered: { status, _ in
                if status != 403 { self.counts.originsTaken += 1 }
                close()
                return nil
            }, ended: { self.actEnded() })
        open(script) { channel in
            close = { channel.close(promise: nil) }
            self.after(milliseconds: 3_000...3_000) { channel.close(promise: nil) }
        }
    }

    func announceHuge() {
        counts.garbage += 1
        var answered = false
        let script = ChaosHandler.Script(
            opening: hugeRequest(),
            answered: { _, _ in
                answered = true
                return nil
            }, ended: { self.actEnded() })
        open(script) { channel in
            self.after(milliseconds: 5_000...5_000) {
                if !answered { self.counts.hugeUnanswered += 1 }
                channel.close(promise: nil)
            }
        }
    }
}
