import NIOCore

/// What every behaviour does, on the connections it opens.
extension ChaosCore {
    func perform(_ behaviour: ChaosBehaviour, as client: FleetClient) {
        switch behaviour {
        case .comesAndGoes: poll(client, behaviour, leavingAfter: 200...8_000, byReset: false)
        case .resets: poll(client, behaviour, leavingAfter: 50...3_000, byReset: true)
        case .goesSilent: goSilent(client)
        case .pollsTwice:
            poll(client, behaviour, leavingAfter: 200...4_000, byReset: false)
            after(milliseconds: 0...300) {
                self.poll(client, behaviour, leavingAfter: 200...4_000, byReset: true, isAct: false)
            }
        case .pushesLate, .pushesTwice, .breaksOff: poll(client, behaviour, leavingAfter: 500...9_000, byReset: false)
        case .pushesGarbage: push(garbage: garbagePush(), count: 3)
        case .pollsGarbage: push(garbage: garbagePoll(), count: 1)
        case .saysNothing:
            let halves = [
                "", "POST /poll HTTP/1.1\r\nHost: ",
                "GET /clients HTTP/1.1\r\nX: " + String(repeating: "x", count: 30_000),
            ]
            hold(ByteBuffer(string: halves.randomElement(using: &random) ?? ""), for: 1_000...15_000)
        case .staysIdle: stayIdle { self.actEnded() }
        case .neverReads: neverRead(client)
        case .sendsEndlessly: sendEndlessly()
        case .pushesBytewise:
            askWithoutReading(client, ended: {})
            poll(client, behaviour, leavingAfter: 3_000...10_000, byReset: false)
        case .renamesItself: pollAgain(times: 10) { self.client(prefix: "renamed").poll }
        case .changesInstance: pollAgain(times: 10) { self.instancePoll(client) }
        case .pipelinesAndLeaves: pipelineAndLeave(client)
        case .pipelinesBadTargets: pipelineBadTargets()
        case .sendsOrigin: sendOrigin(client)
        case .announcesHuge: announceHuge()
        case .tunnels: tunnel(client)
        case .tunnelsLies: tunnelLies(client)
        case .tunnelsAndStalls: tunnelAndStall(client)
        case .floodsTunnel: floodTunnel(client)
        case .tunnelsAndVanishes: tunnelAndVanish(client)
        case .tunnelsAndRefuses: tunnelAndRefuse(client)
        case .upgradesBadly: upgradeBadly(client)
        case .connects: connect()
        }
    }

    /// Polls until it leaves, and answers each scrape in the way of its behaviour.
    func poll(
        _ client: FleetClient, _ behaviour: ChaosBehaviour, leavingAfter stay: ClosedRange<Int64>, byReset: Bool,
        isAct: Bool = true
    ) {
        let script = ChaosHandler.Script(
            opening: client.poll,
            answered: { status, body in
                guard status == 200, let request = body.withUnsafeBytes({ PolledScrape($0) }) else { return nil }
                self.counts.scrapes += 1
                self.answer(request, of: behaviour, as: client)
                return client.poll
            }, ended: { if isAct { self.actEnded() } })
        open(script) { channel in
            self.after(milliseconds: stay) {
                if byReset { channel.closeWithReset() } else { channel.close(promise: nil) }
            }
        }
    }

    private func answer(_ request: PolledScrape, of behaviour: ChaosBehaviour, as client: FleetClient) {
        let push = answer(request, as: client, most: behaviour == .pushesBytewise ? 1_500 : 20_000)
        switch behaviour {
        case .pushesLate:
            let deadline = configuration.scrapeTimeout.milliseconds
            after(milliseconds: (deadline + 200)...(deadline + 3_000)) { self.push(push) }
        case .pushesTwice:
            self.push(push)
            after(milliseconds: 0...200) { self.push(push) }
        case .breaksOff:
            counts.brokenOff += 1
            let half = push.getSlice(at: 0, length: push.readableBytes * 2 / 3) ?? push
            open(ChaosHandler.Script(opening: half, answered: { _, _ in nil }, ended: {})) { channel in
                self.after(milliseconds: 20...200) { channel.closeWithReset() }
            }
        case .pushesBytewise: self.push(bytewise(push))
        default: self.push(push)
        }
    }

    /// One push on a connection of its own, closed once it is answered.
    private func push(_ push: ByteBuffer) {
        counts.pushes += 1
        var close: () -> Void = {}
        let script = ChaosHandler.Script(
            opening: push,
            answered: { status, _ in
                if status == 200 { self.counts.pushesTaken += 1 } else { self.counts.pushesRefused += 1 }
                close()
                return nil
            }, ended: {})
        open(script) { channel in close = { channel.close(promise: nil) } }
    }

    private func goSilent(_ client: FleetClient) {
        let script = ChaosHandler.Script(opening: client.poll, answered: { _, _ in nil }, ended: { self.actEnded() })
        open(script) { channel in
            // What the proxy sends from now on ends in the kernel's buffer; no FIN tells it that nobody reads.
            channel.setOption(.autoRead, value: false).whenComplete { _ in }
            self.after(milliseconds: 5_000...30_000) { channel.closeWithReset() }
        }
    }

    private func hold(_ opening: ByteBuffer, for stay: ClosedRange<Int64>) {
        counts.garbage += 1
        open(ChaosHandler.Script(opening: opening, answered: { _, _ in nil }, ended: { self.actEnded() })) { channel in
            self.after(milliseconds: stay) { channel.close(promise: nil) }
        }
    }

    /// Sends garbage, again on the same connection as long as it is answered.
    private func push(garbage: ByteBuffer, count: Int) {
        counts.garbage += 1
        var left = count - 1
        var close: () -> Void = {}
        let script = ChaosHandler.Script(
            opening: garbage,
            answered: { _, _ in
                guard left > 0 else {
                    close()
                    return nil
                }
                left -= 1
                self.counts.garbage += 1
                return garbage
            }, ended: { self.actEnded() })
        open(script) { channel in
            close = { channel.close(promise: nil) }
            self.after(milliseconds: 1_000...5_000) { channel.closeWithReset() }
        }
    }
}
