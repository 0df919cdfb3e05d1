import NIOCore

/// Behaviours of misbehaving clients that have a tunnel, and of one that behaves but comes and goes.
extension ChaosCore {
    /// - Parameters:
    ///   - greeting: A HELLO, unless it is something else.
    ///   - reads: As of `open`.
    func openTunnel(
        as client: FleetClient, greeting: ByteBuffer? = nil, isMute: Bool = false, reads: Bool = true,
        ended: (() -> Void)? = nil, then use: @escaping (any Channel) -> Void = { _ in },
        acting act: @escaping (ChaosTunnel, ChaosTunnel.Event) -> Void
    ) {
        let ended = ended ?? { self.actEnded() }
        let script = ChaosTunnel.Script(
            upgrade: client.upgrade, greeting: greeting ?? hello([client.fqdn]), name: client.fqdn, isMute: isMute,
            act: act, ended: ended)
        open(ChaosTunnel(chaos: self, script: script), reads: reads, failed: ended, then: use)
    }

    func hello(_ names: [String]) -> ByteBuffer {
        let fields = names.map { "Fqdn: \($0)\r\n" }.joined()
        return RawFrames.message(
            RawFrames.hello, 0,
            ByteBuffer(string: "Instance: \(hexadecimal())\(hexadecimal())\r\nMax-Streams: 20\r\n\(fields)"))
    }

    // MARK: Behaves, more or less

    /// What a client does that behaves: scrapes are answered, connections lead to an echo.
    func behave(_ tunnel: ChaosTunnel, _ event: ChaosTunnel.Event, as client: FleetClient) {
        switch event {
        case .opened(let stream, let scrape?): answer(scrape, on: stream, of: tunnel, as: client)
        case .opened(let stream, nil): tunnel.greet(stream)
        case .data(let stream, let bytes):
            tunnel.send(stream, bytes)
            tunnel.grant(stream, bytes.readableBytes)
        case .ended(let stream): tunnel.send(stream, ByteBuffer(), isLast: true)
        case .welcomed, .reset: break
        }
    }

    func tunnel(_ client: FleetClient) {
        let leaves = Int.random(in: 0..<3, using: &random)
        openTunnel(
            as: client,
            then: { channel in
                self.after(milliseconds: 200...8_000) {
                    switch leaves {
                    case 0:
                        let bytes = RawFrames.frame(RawFrames.close, ByteBuffer(integer: UInt16(1_000)))
                        channel.writeAndFlush(bytes, promise: nil)
                        // For the answer to it.
                        self.after(milliseconds: 2_000...2_000) { channel.close(promise: nil) }
                    case 1: channel.close(promise: nil)
                    default: channel.closeWithReset()
                    }
                }
            }, acting: { tunnel, event in self.behave(tunnel, event, as: client) })
    }

    /// The ways in which a response may come.
    private func answer(_ scrape: PolledScrape, on stream: UInt32, of tunnel: ChaosTunnel, as client: FleetClient) {
        let response = response(scrape, as: client)
        guard response.readableBytes < 40_000 else { return tunnel.send(stream, response, isLast: true) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: tunnel.write(RawFrames.message(RawFrames.end, stream, response))
        case 1: tunnel.write(bytewise(response, on: stream, atMost: 200))
        case 2: tunnel.write(inFragments(RawFrames.body(RawFrames.end, stream, response)))
        case 3:
            // What is sent behind the end crossed it, and means nothing.
            var bytes = RawFrames.message(RawFrames.end, stream, response)
            for more in [
                RawFrames.message(RawFrames.data, stream, response), RawFrames.message(RawFrames.end, stream),
                RawFrames.credit(stream, 1_000), RawFrames.message(RawFrames.reset, stream),
            ] { bytes.writeImmutableBuffer(more) }
            tunnel.write(bytes)
        case 4:
            // Of later versions.
            var bytes = RawFrames.message(200, stream, ByteBuffer(string: "whatever"))
            bytes.writeImmutableBuffer(RawFrames.message(255, 4_000_000))
            bytes.writeImmutableBuffer(RawFrames.message(RawFrames.end, stream, response))
            tunnel.write(bytes)
        default: tunnel.send(stream, response, isLast: true)
        }
    }

    /// The first bytes in a frame each, then the rest.
    private func bytewise(_ response: ByteBuffer, on stream: UInt32, atMost most: Int) -> ByteBuffer {
        var rest = response
        var bytes = ByteBuffer()
        for _ in 0..<min(most, rest.readableBytes) {
            guard let one = rest.readSlice(length: 1) else { break }
            bytes.writeImmutableBuffer(RawFrames.message(RawFrames.data, stream, one))
        }
        bytes.writeImmutableBuffer(RawFrames.message(RawFrames.end, stream, rest))
        return bytes
    }

    /// One message in some frames, with pings between them.
    private func inFragments(_ body: ByteBuffer) -> ByteBuffer {
        var rest = body
        var bytes = ByteBuffer()
        var first: UInt8 = 0x02
        while rest.readableBytes > 1 {
            let length = Int.random(in: 1..<rest.readableBytes, using: &random)
            guard let part = rest.readSlice(length: length) else { break }
            bytes.writeImmutableBuffer(RawFrames.frame(first, part))
            bytes.writeImmutableBuffer(RawFrames.frame(RawFrames.ping, ByteBuffer(integer: UInt32(length))))
            first = 0x00
        }
        bytes.writeImmutableBuffer(RawFrames.frame(first | 0x80, rest))
        return bytes
    }

    // MARK: Does not

    func tunnelAndStall(_ client: FleetClient) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            // Takes everything, and does nothing.
            openTunnel(as: client, then: leave(after: 3_000...15_000)) { _, _ in }
        case 1:
            // Half an answer; connections stand, and take and give nothing.
            openTunnel(as: client, then: leave(after: 3_000...15_000)) { tunnel, event in
                guard case .opened(let stream, let scrape) = event else { return }
                guard let scrape else { return self.standStill(stream, of: tunnel) }
                let response = self.response(scrape, as: client, most: 10_000)
                tunnel.write(
                    RawFrames.message(
                        RawFrames.data, stream,
                        response.getSlice(at: 0, length: response.readableBytes / 2) ?? ByteBuffer()))
            }
        case 2:
            // Is welcome, then reads nothing; its pings say that it is there.
            openTunnel(as: client, then: leave(after: 5_000...20_000)) { tunnel, event in
                guard case .welcomed = event, let channel = tunnel.channel else { return }
                channel.setOption(.autoRead, value: false).whenComplete { _ in }
                self.keepSending(RawFrames.frame(RawFrames.ping, ByteBuffer(string: "here")), to: tunnel, times: 40)
            }
        case 3:
            // Never says who it is.
            openTunnel(as: client, greeting: ByteBuffer(), then: leave(after: 1_000...15_000)) { _, _ in }
        default:
            var greeting = hello([client.fqdn])
            greeting.moveWriterIndex(to: greeting.writerIndex - 5)
            openTunnel(as: client, greeting: greeting, then: leave(after: 1_000...15_000)) { _, _ in }
        }
    }

    /// A connection with one byte that nobody sent through it, so that its scraper knows that there is no echo.
    private func standStill(_ stream: UInt32, of tunnel: ChaosTunnel) {
        tunnel.greet(stream)
        tunnel.write(RawFrames.message(RawFrames.data, stream, ByteBuffer(integer: UInt8(0))))
    }

    private func keepSending(_ bytes: ByteBuffer, to tunnel: ChaosTunnel, times: Int) {
        guard times > 0, tunnel.isOpen else { return }
        tunnel.write(bytes)
        after(milliseconds: 500...500) { self.keepSending(bytes, to: tunnel, times: times - 1) }
    }

    func floodTunnel(_ client: FleetClient) {
        let way = Int.random(in: 0..<5, using: &random)
        let isDeaf = Bool.random(using: &random)
        openTunnel(as: client, then: leave(after: 3_000...8_000)) { tunnel, event in
            switch event {
            case .welcomed:
                if isDeaf { tunnel.channel?.setOption(.autoRead, value: false).whenComplete { _ in } }
                self.flood(tunnel, way, as: client)
            case .opened(let stream, let scrape?) where way == 3:
                let response = self.response(scrape, as: client, most: 1_500)
                guard response.readableBytes < 4_000 else { return tunnel.send(stream, response, isLast: true) }
                tunnel.write(self.bytewise(response, on: stream, atMost: 2_000))
            case .opened(let stream, nil) where isDeaf: self.standStill(stream, of: tunnel)
            case .opened(let stream, nil) where way == 4:
                // More credit than it needs, in a thousand portions.
                tunnel.greet(stream)
                tunnel.write(self.repeated(RawFrames.credit(stream, 1), 1_000))
            default: self.behave(tunnel, event, as: client)
            }
        }
    }

    private func flood(_ tunnel: ChaosTunnel, _ way: Int, as client: FleetClient) {
        counts.garbage += 1
        switch way {
        case 0: tunnel.write(repeated(hello([client.fqdn]), 300))
        case 1:
            // Other names every time, ten of them.
            for _ in 0..<60 {
                tunnel.write(hello([client.fqdn] + (0..<9).map { _ in self.client(prefix: "renamed").fqdn }))
            }
        case 2: tunnel.write(repeated(RawFrames.frame(RawFrames.ping, ByteBuffer(repeating: 7, count: 125)), 1_000))
        default: break
        }
    }

    private func repeated(_ bytes: ByteBuffer, _ times: Int) -> ByteBuffer {
        var all = ByteBuffer()
        for _ in 0..<times { all.writeImmutableBuffer(bytes) }
        return all
    }

    func tunnelAndVanish(_ client: FleetClient) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            // Neither reads nor closes, and answers nothing: the other end of a link that is dead.
            openTunnel(
                as: client, isMute: true,
                then: { channel in
                    self.after(milliseconds: 100...2_000) {
                        channel.setOption(.autoRead, value: false).whenComplete { _ in }
                    }
                    self.after(milliseconds: 5_000...30_000) { channel.closeWithReset() }
                },
                acting: { tunnel, event in
                    // No echo: it would stop on the way, and the proxy ends what is idle in good order.
                    if case .opened(let stream, nil) = event { return self.standStill(stream, of: tunnel) }
                    self.behave(tunnel, event, as: client)
                })
        case 1:
            // In the middle of a response, or of a connection.
            openTunnel(as: client, then: leave(after: 8_000...8_000)) { tunnel, event in
                guard case .opened(let stream, let scrape) = event else { return }
                if let scrape {
                    self.counts.brokenOff += 1
                    let response = self.response(scrape, as: client)
                    tunnel.send(stream, response.getSlice(at: 0, length: response.readableBytes / 2) ?? response)
                } else {
                    self.standStill(stream, of: tunnel)
                }
                self.after(milliseconds: 20...200) { tunnel.channel?.closeWithReset() }
            }
        default:
            // As soon as it is asked: what it was asked for goes to the next.
            openTunnel(as: client, then: leave(after: 8_000...8_000)) { tunnel, event in
                if case .opened = event { tunnel.channel?.closeWithReset() }
            }
        }
    }

    func tunnelAndRefuse(_ client: FleetClient) {
        openTunnel(as: client, then: leave(after: 2_000...8_000)) { tunnel, event in
            guard case .opened(let stream, _) = event else { return }
            tunnel.write(RawFrames.message(RawFrames.reset, stream, self.excuse()))
        }
    }

    private func excuse() -> ByteBuffer {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: ByteBuffer(string: "target_unreachable nobody is at home")
        case 1: ByteBuffer(string: "target_refused")
        case 2: ByteBuffer(string: "no_such_kind whatever")
        case 3: ByteBuffer(string: "scrape_failed " + String(repeating: "long ", count: 200))
        case 4: ByteBuffer(string: "scrape_failed \u{1B}[31mred\r\nX-Evil: yes\r\n\0")
        case 5: ByteBuffer(bytes: [0xFF, 0xFE, 0x20, 0xC0, 0x80])
        default: ByteBuffer()
        }
    }

    func leave(after stay: ClosedRange<Int64>) -> (any Channel) -> Void {
        { channel in self.after(milliseconds: stay) { channel.close(promise: nil) } }
    }
}
