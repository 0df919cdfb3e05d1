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
        case .pushesGarbage: push(garbage: garbagePush(client), count: 3)
        case .pollsGarbage: push(garbage: garbagePoll(), count: 1)
        case .saysNothing:
            let half = Bool.random(using: &random) ? "" : "POST /poll HTTP/1.1\r\nHost: "
            hold(ByteBuffer(string: half), for: 1_000...15_000)
        }
    }

    /// Polls until it leaves, and answers each scrape in the way of its behaviour.
    private func poll(
        _ client: FleetClient, _ behaviour: ChaosBehaviour, leavingAfter stay: ClosedRange<Int64>, byReset: Bool,
        isAct: Bool = true
    ) {
        let script = ChaosHandler.Script(
            opening: client.poll,
            answered: { status, body in
                guard status == 200, let request = body.withUnsafeBytes({ ScrapeRequest($0) }) else { return nil }
                self.counts.scrapes += 1
                self.answer(request, of: behaviour, as: client)
                return client.poll
            }, ended: { if isAct { self.actEnded() } })
        open(script) { channel in
            self.after(milliseconds: stay) { if byReset { self.reset(channel) } else { channel.close(promise: nil) } }
        }
    }

    private func answer(_ request: ScrapeRequest, of behaviour: ChaosBehaviour, as client: FleetClient) {
        let push = answer(request, as: client)
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
                self.after(milliseconds: 20...200) { self.reset(channel) }
            }
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
            self.after(milliseconds: 5_000...30_000) { self.reset(channel) }
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
            self.after(milliseconds: 1_000...5_000) { self.reset(channel) }
        }
    }

    private func garbagePush(_ client: FleetClient) -> ByteBuffer {
        let id = String(random.next(), radix: 16)
        let inner: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0: inner = ""
        case 1:
            inner = String((0..<400).map { _ in Character(UnicodeScalar(UInt8.random(in: 1...127, using: &random))) })
        case 2: inner = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nId: \(id)\r\n\r\nhello"
        case 3: inner = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nId: \(id)\r\n\r\nshort"
        case 4: inner = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nId: \(id)\r\n\r\nzz\r\nno size\r\n"
        default: inner = "HTTP/1.1 999999 Odd\r\nContent-Length: -1\r\n\r\n"
        }
        return ByteBuffer(
            string:
                "POST /push HTTP/1.1\r\nHost: \(configuration.proxy.authority)\r\nContent-Length: \(inner.utf8.count)\r\n\r\n\(inner)"
        )
    }

    private func garbagePoll() -> ByteBuffer {
        let host = "Host: \(configuration.proxy.authority)\r\n"
        let text: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n"
        case 1:
            text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: 9000\r\n\r\n" + String(repeating: "x", count: 9_000)
        case 2: text = "GET /poll HTTP/1.1\r\n\(host)\r\n"
        case 3: text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: twelve\r\n\r\nchaos-0"
        case 4: text = "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}"
        default: text = "POST /push HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"
        }
        return ByteBuffer(string: text)
    }
}
