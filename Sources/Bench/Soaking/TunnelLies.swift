import NIOCore

/// What no client may send through a tunnel, and requests for one that are none.
extension ChaosCore {
    /// How long a tunnel may live on after a lie.
    private static let lieLimit: Int64 = 10_000

    func tunnelLies(_ client: FleetClient) {
        let lie = lie()
        var isOver = false
        let ended = {
            isOver = true
            self.actEnded()
        }
        // In the place of the first word, or behind it.
        guard Int.random(in: 0..<4, using: &random) > 0 else {
            let told = { (channel: any Channel) in self.told(channel) { isOver } }
            return openTunnel(as: client, greeting: lie, ended: ended, then: told) { _, _ in }
        }
        var hasLied = false
        var liedAbout: UInt32?
        openTunnel(as: client, ended: ended, then: leave(after: 30_000...30_000)) { tunnel, event in
            // The scraper had gone: what was said about the stream crossed that, and was no lie.
            if case .reset(let stream) = event, stream == liedAbout { return tunnel.channel?.closeWithReset() ?? () }
            guard !hasLied, let channel = tunnel.channel else { return }
            switch event {
            case .welcomed:
                self.after(milliseconds: 0...2_000) {
                    guard !hasLied, tunnel.isOpen else { return }
                    hasLied = true
                    tunnel.write(lie)
                    self.told(channel) { isOver }
                }
            case .opened(let stream, nil):
                hasLied = true
                liedAbout = stream
                tunnel.write(self.lie(about: stream))
                self.told(channel) { isOver }
            case .opened(let stream, let scrape?) where Bool.random(using: &self.random):
                // Beyond the window, unless the scraper is faster than this is sent.
                hasLied = true
                self.counts.brokenOff += 1
                var bytes = RawFrames.message(RawFrames.data, stream, self.response(scrape, as: client, most: 300))
                for _ in 0..<20 { bytes.writeImmutableBuffer(RawFrames.message(RawFrames.data, stream, self.zeros)) }
                tunnel.write(bytes)
                self.after(milliseconds: 500...2_000) { channel.closeWithReset() }
            default: self.behave(tunnel, event, as: client)
            }
        }
    }

    /// A lie was told: the proxy has to end the tunnel.
    private func told(_ channel: any Channel, _ isOver: @escaping () -> Bool) {
        counts.lies += 1
        after(milliseconds: Self.lieLimit...Self.lieLimit) {
            guard !isOver() else { return }
            self.counts.liesTaken += 1
            channel.closeWithReset()
        }
    }

    private var zeros: ByteBuffer { ByteBuffer(repeating: 0, count: 60_000) }

    /// About a connection that was asked for, and does not stand yet.
    private func lie(about stream: UInt32) -> ByteBuffer {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return RawFrames.message(RawFrames.data, stream, ByteBuffer(string: "too early"))
        case 1: return RawFrames.message(RawFrames.end, stream)
        case 2: return RawFrames.credit(stream, .max)
        default:
            var bytes = RawFrames.message(RawFrames.data, stream)
            for _ in 0..<2 { bytes.writeImmutableBuffer(RawFrames.credit(stream, 900_000)) }
            return bytes
        }
    }

    private func lie() -> ByteBuffer {
        let never: UInt32 = 4_000_000
        let some = ByteBuffer(string: "something")
        let lies: [ByteBuffer] = [
            // Of WebSocket.
            RawFrames.frame(RawFrames.binary, RawFrames.body(RawFrames.hello, 0, some), isMasked: false),
            RawFrames.frame(0x81, some), RawFrames.frame(0xC2, some), RawFrames.frame(0x83, some),
            RawFrames.frame(0x8B, ByteBuffer()), RawFrames.frame(0x80, some), RawFrames.frame(0x09, some),
            RawFrames.frame(RawFrames.ping, ByteBuffer(repeating: 1, count: 126)),
            RawFrames.frame(RawFrames.binary, some, announcing: 1 << 62),
            RawFrames.frame(RawFrames.binary, some, announcing: 1 << 63),
            RawFrames.frame(RawFrames.binary, some, announcing: 65_542),
            RawFrames.frame(RawFrames.binary, some, isLongLength: true),
            twice(RawFrames.frame(0x02, some)),
            RawFrames.frame(RawFrames.close, ByteBuffer(integer: UInt8(3))),
            RawFrames.frame(RawFrames.close, ByteBuffer(integer: UInt16(1_005))),
            RawFrames.frame(RawFrames.close, ByteBuffer(bytes: [0x03, 0xE8, 0xFF, 0xFE])),
            ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            // Of frames.
            RawFrames.frame(RawFrames.binary, ByteBuffer(bytes: [4, 0, 0])), RawFrames.frame(0x82, ByteBuffer()),
            RawFrames.message(0, 0), RawFrames.message(9, 0), RawFrames.message(127, 1),
            RawFrames.message(RawFrames.welcome, 0, some), RawFrames.message(RawFrames.open, 1, some),
            RawFrames.message(RawFrames.drain, 0), RawFrames.message(RawFrames.hello, 5, some),
            RawFrames.message(RawFrames.data, 0, some), RawFrames.message(RawFrames.hello, 0, some),
            RawFrames.message(RawFrames.hello, 0, ByteBuffer(string: "Max-Streams: none\r\nFqdn: x\r\n")),
            RawFrames.message(RawFrames.hello, 0, ByteBuffer(string: "Fqdn: a b c\r\n")),
            RawFrames.message(RawFrames.window, never, ByteBuffer(bytes: [1, 2, 3])),
            RawFrames.message(RawFrames.reset, never, ByteBuffer(repeating: 0x61, count: 2_000)),
            // Of order.
            RawFrames.message(RawFrames.data, never, some), RawFrames.message(RawFrames.end, never),
            RawFrames.message(RawFrames.reset, never), RawFrames.credit(never, 1),
        ]
        return lies.randomElement(using: &random) ?? ByteBuffer()
    }

    private func twice(_ bytes: ByteBuffer) -> ByteBuffer {
        var both = bytes
        both.writeImmutableBuffer(bytes)
        return both
    }

    // MARK: Requests

    func upgradeBadly(_ client: FleetClient) {
        counts.garbage += 1
        var isRefused = false
        var close: () -> Void = {}
        let script = ChaosHandler.Script(
            opening: badUpgrade(client),
            answered: { status, _ in
                isRefused = [400, 403, 405, 426].contains(status)
                close()
                return nil
            }, ended: { self.actEnded() })
        open(script) { channel in
            close = { channel.close(promise: nil) }
            self.after(milliseconds: 5_000...5_000) {
                if !isRefused { self.counts.badUpgradesTaken += 1 }
                channel.close(promise: nil)
            }
        }
    }

    private func badUpgrade(_ client: FleetClient) -> ByteBuffer {
        let sound = String(buffer: client.upgrade)
        let changes = [
            ("GET", "POST"), ("GET", "PUT"), ("Version: 13", "Version: 8"), ("Upgrade: websocket\r\n", ""),
            ("Upgrade: websocket", "Upgrade: h2c"), ("Connection: Upgrade", "Connection: close"),
            ("HTTP/1.1", "HTTP/1.0"),
            ("pushprox.v2", "chat"), ("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x"),
            ("Sec-WebSocket-Key", "X-Key"), ("Host: ", "Origin: http://page.example\r\nHost: "),
            ("Host: ", "Content-Length: 5\r\nHost: "), ("/tunnel", "/tunnel?x=\u{1}"),
        ]
        guard let (old, new) = changes.randomElement(using: &random), let range = sound.firstRange(of: old) else {
            return client.upgrade
        }
        return ByteBuffer(string: sound.replacingCharacters(in: range, with: new))
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
