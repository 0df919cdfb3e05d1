import NIOCore

@testable import Tunnel

/// What no honest end says.
extension TunnelWalk {
    /// One end says something that is no truth in any order of events: the other closes for it, and at once.
    ///
    /// - Returns: Whether there was an occasion.
    mutating func lie(toTheProxy: Bool) throws(Broken) -> Bool {
        guard silentSince == nil, !isLost, !isOver, !clientTap.closed, !proxyTap.closed, proxy.core.highest > 0 else {
            return false
        }
        // All that was said before is heard before.
        try settle()
        guard proxy.core.isOpen, client.core.isOpen else { return false }
        let highest = proxy.core.highest
        let scrapes = living.filter { client.core.streams[$0]?.isConnection == false }
        let large = [UInt8](repeating: 0, count: 65_536)
        var lies: [[WireFrame]] = [
            [.frame(UInt8.random(in: 9...127, using: &random), 0, [])], [.frame(0, 1, [])],
            [.data(highest + 1, [1])], [.end(highest + 7)], [.reset(highest + 1)], [.window(highest + 1, 1)],
            [.data(0, [1])], [.frame(8, 1, [])], [.frame(7, max(1, highest), [1])], [.frame(1, 3, [])],
            [.strange([0x81, toTheProxy ? 0x80 : 0] + (toTheProxy ? [0, 0, 0, 0] : []))],
        ]
        if toTheProxy {
            lies += [[.welcome()], [.open(highest + 1, scrape)], [.drain], [.hello("Agent: nobody\r\n")]]
            for number in living where proxy.core.streams[number]?.incoming != nil {
                guard let stream = streams[number], !stream.isConnection || stream.proxyKnowsConnected else {
                    lies += [[.data(number, [1])], [.end(number)]]
                    continue
                }
                lies.append([WireFrame](repeating: .data(number, large), count: 17))
                // Where our half has ended, the first is the end of all, and the second comes late.
                if stream.isConnection, proxy.core.streams[number]?.outgoing != nil {
                    lies.append([.end(number), .end(number)])
                }
            }
            for number in living where proxy.core.streams[number]?.outgoing != nil {
                lies.append([.window(number, .max)])
            }
        } else {
            lies += [[.hello("Fqdn: a\r\n")], [.open(max(1, highest), scrape)], [.welcome("Version: 1\r\n")]]
            lies.append((1...13 as ClosedRange<UInt32>).map { .open(highest + $0, scrape) })
            for number in scrapes where streams[number]?.clientOver == false {
                lies += [[.data(number, [])], [.end(number)], [.window(number, .max)]]
            }
        }
        let frames = lies.randomElement(using: &random) ?? []
        let bytes = frames.flatMap { $0.bytes(key: toTheProxy ? [1, 2, 3, 4] : nil) }
        var pipe = CutPipe()
        pipe.write(ByteBuffer(bytes: bytes))
        var told: TunnelClosing?
        var held = 0
        while told == nil, let bytes = pipe.read(piece()) {
            if toTheProxy {
                proxy.received(bytes, at: now)
                while let event = proxy.next(at: now) {
                    if case .closed(let how) = event { told = how }
                    if case .data(_, let bytes) = event { held += bytes.readableBytes }
                }
            } else {
                client.received(bytes, at: now)
                while let event = client.next(at: now) { if case .closed(let how) = event { told = how } }
            }
        }
        guard case .failed(let failure)? = told, failure.code == .protocolError else {
            throw Broken(description: "\(frames.prefix(2)) went through: \(told.map { "\($0)" } ?? "nothing was said")")
        }
        try hold(held <= TunnelSettings.maxWindow, "\(held) bytes were taken")
        let output = toTheProxy ? proxy.takeOutput(atMost: .max) : client.takeOutput(atMost: .max)
        let written = WireFrame.all(output.map { Array($0.readableBytesView) } ?? [], isMasked: !toTheProxy)
        try hold(closes(written), "the last word is \(written.suffix(1))")
        try hold((toTheProxy ? proxy.streamCount : client.streamCount) == 0, "streams outlive a lie")
        return true
    }
}
