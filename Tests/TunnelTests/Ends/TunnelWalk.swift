import NIOCore
import TestKit

@testable import Failures
@testable import Tunnel
@testable import Wire

/// One direction of the connection: bytes, cut anywhere.
private struct Pipe {
    private var bytes = ByteBuffer()

    var count: Int { bytes.readableBytes }

    mutating func write(_ more: ByteBuffer) { bytes.writeImmutableBuffer(more) }

    mutating func read(_ most: Int) -> ByteBuffer? {
        guard count > 0 else { return nil }
        let piece = bytes.readSlice(length: min(most, count))
        bytes.discardReadBytes()
        return piece
    }
}

/// What is to be sent on a stream: at each place the byte that belongs there.
private enum Pattern {
    private static let period = 251
    private static let bytes = ByteBuffer(
        bytes: (0..<(200_000 + period)).map { UInt8(truncatingIfNeeded: $0 % period) })

    static func slice(of stream: UInt32, from place: Int, _ count: Int) -> ByteBuffer {
        bytes.getSlice(at: (place + Int(stream) * 13) % period, length: count) ?? ByteBuffer()
    }
}

/// Both ends of a tunnel, a pipe between them, and what they were asked for: what a user of the tunnel may rely on is checked after every step.
struct TunnelWalk {
    struct Broken: Error, CustomStringConvertible { let description: String }

    /// One direction of a stream, from who sends to who is given the bytes.
    private struct Flow {
        var sent = 0
        var isEnded = false
        var received = 0
        var passed = 0
        var endTold = false
        var held: Int { received - passed }
    }

    private struct Stream {
        let isConnection: Bool
        var request = Flow()
        var response = Flow()
        var proxyKnowsConnected = false
        var clientHasConnected = false
        var wasOpened = false
        /// How it ended at each end, if it has.
        var proxyOver = false
        var clientOver = false
        var bound: Int?
    }

    private var random: Seeded
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let window: Int
    private var proxy: ProxyEnd
    private var client: ClientEnd
    private var toClient = Pipe()
    private var toProxy = Pipe()
    private var proxyTap = WireTap(isClient: false)
    private var clientTap = WireTap(isClient: true)
    private var streams: [UInt32: Stream] = [:]
    private var living: [UInt32] = []
    private var proxyClosed: TunnelClosing?
    private var clientClosed: TunnelClosing?
    private var silentSince: NIODeadline?
    private var isLost = false
    private var drained = 0
    private let hello: Hello
    private let interval: TimeAmount

    private(set) var opened = 0
    private(set) var complete = 0

    var isOver: Bool { proxyClosed != nil && clientClosed != nil }

    init(seed: UInt64) {
        var random = Seeded(seed)
        var settings = TunnelSettings()
        settings.window = [1, 64, 1_000, 16_384, 65_536, 65_536].randomElement(using: &random) ?? 1
        settings.pingInterval = .milliseconds([10, 1_000].randomElement(using: &random) ?? 10)
        window = settings.window
        interval = settings.pingInterval
        hello = Hello(names: FQDN("a").map { [$0] } ?? [], streams: Int.random(in: 1...12, using: &random))
        proxy = ProxyEnd(settings, at: now)
        client = ClientEnd(settings, hello: hello, keys: random, at: now)
        self.random = random
    }

    private func hold(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Broken) {
        if !holds { throw Broken(description: rule()) }
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    // MARK: Steps

    mutating func step() throws(Broken) {
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<70: try open()
        case 70..<320: try clientWorks()
        case 320..<420: try proxyWorks()
        case 420..<540: try pass()
        case 540..<680: try deliver(toTheClient: true)
        case 680..<820: try deliver(toTheClient: false)
        case 820..<890: try write(byClient: true)
        case 890..<960: try write(byClient: false)
        case 960..<980: try time()
        case 980..<984: try calls()
        case 984..<987: client.hello(hello)
        case 987..<988: if chance(3) { try settle() }
        default: if chance(30) { try ends() }
        }
        try notes()
        try check()
    }

    private mutating func open() throws(Broken) {
        let isConnection = chance(3)
        let hadRoom = proxy.hasRoom
        guard
            let id = proxy.open(
                isConnection ? .connection : .scrape, milliseconds: 5, at: now,
                writing: { $0.writeString(isConnection ? connect : scrape) })
        else { return try hold(!hadRoom, "no stream though there is room") }
        try hold(hadRoom && streams[id.number] == nil, "stream \(id.number) without room, or twice")
        streams[id.number] = Stream(isConnection: isConnection)
        living.append(id.number)
        opened += 1
    }

    private mutating func clientWorks() throws(Broken) {
        guard let number = living.randomElement(using: &random), let stream = streams[number], stream.wasOpened,
            !stream.clientOver, !stream.response.isEnded, clientClosed == nil
        else { return }
        let id = TunnelStreamID(number)
        if stream.isConnection && !stream.clientHasConnected {
            if chance(2) {
                client.connected(id)
                streams[number]?.clientHasConnected = true
            } else if chance(6) {
                client.fail(id, .targetUnreachable, "no")
                streams[number]?.clientOver = true
            }
            return
        }
        switch Int.random(in: 0..<40, using: &random) {
        case 0:
            client.fail(id, .targetBroken, "it broke off")
            streams[number]?.clientOver = true
        case 1..<10:
            let isFresh = stream.response.sent == 0
            if isFresh { send(number, Int.random(in: 0...1_000, using: &random)) }
            let small = streams[number]?.response.sent ?? 0
            // A small response that may go at once waits for one message of every other stream at most.
            if isFresh, client.core.isOpen, small <= (client.core.streams[number]?.outgoing?.credit ?? 0) {
                streams[number]?.bound = clientTap.bytes + client.streamCount * 16_384
            }
            client.end(id)
            streams[number]?.response.isEnded = true
        default: if client.waiting(id) < TunnelSettings.highWater { send(number, size()) }
        }
    }

    private mutating func size() -> Int {
        chance(8) ? Int.random(in: 0...100_000, using: &random) : Int.random(in: 0...2_000, using: &random)
    }

    private mutating func send(_ number: UInt32, _ count: Int) {
        guard let stream = streams[number] else { return }
        client.send(TunnelStreamID(number), Pattern.slice(of: number, from: stream.response.sent, count))
        streams[number]?.response.sent += count
    }

    private mutating func proxyWorks() throws(Broken) {
        guard let number = living.randomElement(using: &random), let stream = streams[number], !stream.proxyOver,
            proxyClosed == nil
        else { return }
        let id = TunnelStreamID(number)
        if chance(60) {
            proxy.reset(id)
            streams[number]?.proxyOver = true
        } else if stream.isConnection, !stream.request.isEnded {
            if chance(8) {
                proxy.end(id)
                streams[number]?.request.isEnded = true
            } else if proxy.waiting(id) < TunnelSettings.highWater {
                let count = size()
                proxy.send(id, Pattern.slice(of: number, from: stream.request.sent, count))
                streams[number]?.request.sent += count
            }
        }
    }

    /// Bytes reach whom they are for. Some streams' scrapers take none for long.
    private mutating func pass() throws(Broken) {
        guard let number = living.randomElement(using: &random), let stream = streams[number] else { return }
        if number.isMultiple(of: 5), !chance(40) { return }
        let id = TunnelStreamID(number)
        if !stream.proxyOver, stream.response.held > 0 {
            let count = chance(2) ? stream.response.held : Int.random(in: 1...stream.response.held, using: &random)
            proxy.passedOn(id, count, at: now)
            streams[number]?.response.passed += count
        }
        if !stream.clientOver, stream.request.held > 0 {
            let count = chance(2) ? stream.request.held : Int.random(in: 1...stream.request.held, using: &random)
            client.passedOn(id, count, at: now)
            streams[number]?.request.passed += count
        }
    }

    private mutating func piece() -> Int {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: 1 + Int.random(in: 0..<12, using: &random)
        case 1: 1 + Int.random(in: 0..<2_000, using: &random)
        default: .max
        }
    }

    private mutating func deliver(toTheClient: Bool) throws(Broken) {
        guard !isLost, silentSince == nil else { return }
        let most = piece()
        if toTheClient {
            if let bytes = toClient.read(most) { client.received(bytes, at: now) }
        } else if let bytes = toProxy.read(most) {
            proxy.received(bytes, at: now)
        }
    }

    private mutating func write(byClient: Bool) throws(Broken) {
        // The socket takes no more for now.
        guard (byClient ? toProxy : toClient).count < 300_000 else { return }
        let most = [1, 1_000, 65_536].randomElement(using: &random) ?? 1
        guard let output = byClient ? client.takeOutput(atMost: most) : proxy.takeOutput(atMost: most) else { return }
        if byClient {
            clientTap.take(output)
            if !isLost { toProxy.write(output) }
            for (number, at) in clientTap.ends {
                if let bound = streams[number]?.bound {
                    try hold(at <= bound, "stream \(number) waited for \(at - bound) bytes of others too many")
                }
                // A response is out.
                if streams[number]?.isConnection == false { streams[number]?.clientOver = true }
            }
            clientTap.ends = []
        } else {
            proxyTap.take(output)
            proxyTap.ends = []
            if !isLost { toClient.write(output) }
        }
        try hold(clientTap.broken == nil && proxyTap.broken == nil, "\(clientTap.broken ?? proxyTap.broken ?? "")")
    }

    private mutating func time() throws(Broken) {
        now =
            now
            + .nanoseconds(Int64.random(in: 0...(interval.nanoseconds / (silentSince == nil ? 8 : 1)), using: &random))
        try timers()
    }

    private mutating func timers() throws(Broken) {
        if let due = proxy.nextDeadline, due <= now { proxy.timePassed(to: now) }
        if let due = client.nextDeadline, due <= now { client.timePassed(to: now) }
        if let since = silentSince, now - since > interval + interval + interval + .seconds(10) {
            try notes()
            try hold(isOver, "the link is dead since \(now - since), and nobody has noticed")
        }
    }

    /// What is asked of streams that are over or never were.
    private mutating func calls() throws(Broken) {
        let number = UInt32.random(in: 0...UInt32(opened + 3), using: &random)
        let id = TunnelStreamID(number)
        let bytes = ByteBuffer(string: "nobody's")
        if streams[number].map(\.proxyOver) ?? true {
            proxy.send(id, bytes)
            proxy.end(id)
            proxy.passedOn(id, 7, at: now)
            proxy.reset(id)
        }
        if streams[number].map({ $0.clientOver }) ?? true {
            client.send(id, bytes)
            client.connected(id)
            client.end(id)
            client.passedOn(id, 7, at: now)
            client.fail(id, .scrapeFailed, "")
        }
    }

    private mutating func ends() throws(Broken) {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            proxy.close(WebSocketClose(.goingAway), at: now)
            endAll(atProxy: true)
        case 1:
            client.close(WebSocketClose(.normal), at: now)
            endAll(atProxy: false)
        case 2:
            isLost = true
            proxy.connectionLost()
            client.connectionLost()
        case 3: if silentSince == nil { silentSince = now }
        case 4: proxy.drain()
        default: break
        }
    }

    /// What an end's own close ends, it need not be told.
    private mutating func endAll(atProxy: Bool) {
        for number in living {
            if atProxy { streams[number]?.proxyOver = true } else { streams[number]?.clientOver = true }
        }
    }

    // MARK: What ends tell

    private mutating func notes() throws(Broken) {
        while let event = proxy.next(at: now) { try took(event) }
        while let event = client.next(at: now) { try took(event) }
        living.removeAll { number in streams[number].map { $0.proxyOver && $0.clientOver } ?? true }
    }

    private mutating func received(_ flow: WritableKeyPath<Stream, Flow>, _ number: UInt32, _ bytes: ByteBuffer)
        throws(Broken)
    {
        guard var stream = streams[number] else { throw Broken(description: "bytes of an unknown stream") }
        let expected = Pattern.slice(of: number, from: stream[keyPath: flow].received, bytes.readableBytes)
        try hold(bytes == expected, "other bytes than were sent on stream \(number)")
        try hold(bytes.readableBytes > 0 && !stream[keyPath: flow].endTold, "bytes behind the end, or none")
        stream[keyPath: flow].received += bytes.readableBytes
        try hold(stream[keyPath: flow].received <= stream[keyPath: flow].sent, "bytes that were not sent")
        streams[number] = stream
    }

    private mutating func took(_ event: ProxyEnd.Event) throws(Broken) {
        try hold(proxyClosed == nil, "\(event) at the proxy behind the end")
        switch event {
        case .hello: proxy.welcome(refused: [], at: now)
        case .connected(let id):
            let stream = streams[id.number]
            try hold(
                stream?.clientHasConnected == true && stream?.proxyKnowsConnected == false
                    && stream?.proxyOver == false,
                "a connection that does not stand")
            streams[id.number]?.proxyKnowsConnected = true
        case .data(let id, let bytes):
            try hold(streams[id.number]?.proxyOver == false, "bytes of stream \(id.number), which is over")
            try received(\.response, id.number, bytes)
        case .ended(let id):
            guard var stream = streams[id.number] else { throw Broken(description: "the end of no stream") }
            try hold(!stream.proxyOver && !stream.response.endTold, "stream \(id.number) ended twice")
            try hold(
                stream.response.isEnded && stream.response.received == stream.response.sent, "a response is cut off")
            stream.response.endTold = true
            if !stream.isConnection { stream.proxyOver = true }
            streams[id.number] = stream
            complete += 1
        case .reset(let id, let kind, _):
            try hold(streams[id.number]?.proxyOver == false, "stream \(id.number) was reset twice")
            try hold(
                kind == .targetBroken || kind == .targetUnreachable, "it was reset as \(kind)")
            streams[id.number]?.proxyOver = true
        case .wantsMore(let id):
            try hold(
                streams[id.number]?.isConnection == true && proxy.waiting(id) <= TunnelSettings.lowWater, "no need")
        case .roundTrip(let time): try hold(time >= .zero, "\(time)")
        case .closed(let how):
            proxyClosed = how
            endAll(atProxy: true)
            try checkClosing(how)
        }
        try finish()
    }

    private mutating func took(_ event: ClientEnd.Event) throws(Broken) {
        try hold(clientClosed == nil, "\(event) at the client behind the end")
        switch event {
        case .welcome(let welcome): try hold(welcome.window == window, "another window")
        case .opened(let id, let isConnection, _, let request):
            guard let stream = streams[id.number] else { throw Broken(description: "a stream that nobody opened") }
            try hold(!stream.wasOpened && stream.isConnection == isConnection, "stream \(id.number) was opened twice")
            try hold(String(buffer: request) == (isConnection ? connect : scrape), "another request")
            try hold(drained == 0, "a stream behind a DRAIN")
            streams[id.number]?.wasOpened = true
        case .data(let id, let bytes):
            try hold(
                streams[id.number]?.clientOver == false && streams[id.number]?.clientHasConnected == true,
                "bytes of stream \(id.number), which is over")
            try received(\.request, id.number, bytes)
        case .ended(let id):
            guard let stream = streams[id.number] else { throw Broken(description: "the end of no stream") }
            try hold(!stream.clientOver && !stream.request.endTold, "stream \(id.number) ended twice")
            try hold(stream.request.isEnded && stream.request.received == stream.request.sent, "a request is cut off")
            streams[id.number]?.request.endTold = true
        case .reset(let id):
            try hold(streams[id.number]?.clientOver == false, "stream \(id.number) was reset twice")
            try hold(streams[id.number]?.proxyOver == true, "it was reset by nobody")
            streams[id.number]?.clientOver = true
        case .wantsMore(let id): try hold(client.waiting(id) <= TunnelSettings.lowWater, "no need")
        case .drained:
            drained += 1
            try hold(drained == 1 && proxy.isDraining, "drained without cause")
        case .roundTrip(let time): try hold(time >= .zero, "\(time)")
        case .closed(let how):
            clientClosed = how
            endAll(atProxy: false)
            try checkClosing(how)
        }
        try finish()
    }

    private func checkClosing(_ how: TunnelClosing) throws(Broken) {
        switch how {
        case .failed(let failure): throw Broken(description: "an honest end was closed: \(failure)")
        case .unread: throw Broken(description: "output piles up")
        case .silent: try hold(silentSince != nil, "taken for dead")
        case .lost, .closed, .done: break
        }
    }

    /// A connection is over for an end when both its halves are.
    private mutating func finish() throws(Broken) {
        for number in living where streams[number]?.isConnection == true {
            guard var stream = streams[number] else { continue }
            if stream.response.endTold, stream.request.isEnded, proxy.core.streams[number] == nil {
                stream.proxyOver = true
            }
            if stream.request.endTold, stream.response.isEnded, client.core.streams[number] == nil {
                stream.clientOver = true
            }
            streams[number] = stream
        }
    }

    // MARK: What holds

    private mutating func check() throws(Broken) {
        try finish()
        var growth = 0
        for number in living {
            guard let stream = streams[number] else { continue }
            for (flow, mine) in [
                (stream.response, proxy.core.streams[number]), (stream.request, client.core.streams[number]),
            ] {
                guard let incoming = mine?.incoming else { continue }
                try hold(incoming.credit >= 0 && incoming.held == flow.held, "\(incoming.held) held, \(flow.held) are")
                try hold(
                    flow.held <= incoming.window && incoming.window <= TunnelSettings.maxWindow, "a window is too wide")
            }
            growth += proxy.core.streams[number]?.incoming?.growth(over: window) ?? 0
            for outgoing in [proxy.core.streams[number]?.outgoing, client.core.streams[number]?.outgoing] {
                try hold((outgoing?.credit ?? 0) >= 0, "credit is negative")
                try hold((outgoing?.count ?? 0) <= TunnelSettings.highWater + 100_000, "too much waits")
            }
            // Who is told that nothing more comes has it no more.
            try hold(!stream.proxyOver || proxy.core.streams[number] == nil, "stream \(number) lives on at the proxy")
            try hold(
                !stream.clientOver || client.core.streams[number] == nil, "stream \(number) lives on at the client")
        }
        if proxyClosed == nil, proxy.core.isOpen {
            try hold(growth + proxy.core.growthLeft == TunnelSettings.maxGrowth, "growth has leaked")
        }
    }

    /// Everything that is under way arrives and is passed on: then every stream's sender has all its window but what is not told yet, or nothing left.
    mutating func settle() throws(Broken) {
        guard silentSince == nil, !isLost, !isOver else { return }
        var rounds = 0
        var isMoving = true
        while isMoving {
            isMoving = false
            rounds += 1
            try hold(rounds < 100_000, "it does not come to rest")
            while let output = client.takeOutput(atMost: 65_536) {
                clientTap.take(output)
                toProxy.write(output)
                isMoving = true
                try notes()
            }
            for (number, _) in clientTap.ends where streams[number]?.isConnection == false {
                streams[number]?.clientOver = true
            }
            clientTap.ends = []
            while let output = proxy.takeOutput(atMost: 65_536) {
                proxyTap.take(output)
                toClient.write(output)
                isMoving = true
                try notes()
            }
            proxyTap.ends = []
            while let bytes = toClient.read(.max) {
                client.received(bytes, at: now)
                isMoving = true
            }
            while let bytes = toProxy.read(.max) {
                proxy.received(bytes, at: now)
                isMoving = true
            }
            try notes()
            for number in living {
                guard let stream = streams[number] else { continue }
                if !stream.proxyOver, stream.response.held > 0 {
                    proxy.passedOn(TunnelStreamID(number), stream.response.held, at: now)
                    streams[number]?.response.passed = stream.response.received
                    isMoving = true
                }
                if !stream.clientOver, stream.request.held > 0 {
                    client.passedOn(TunnelStreamID(number), stream.request.held, at: now)
                    streams[number]?.request.passed = stream.request.received
                    isMoving = true
                }
            }
        }
        try hold(clientTap.broken == nil && proxyTap.broken == nil, "\(clientTap.broken ?? proxyTap.broken ?? "")")
        try check()
        for number in living {
            for (receiver, sender) in [
                (proxy.core.streams[number], client.core.streams[number]),
                (client.core.streams[number], proxy.core.streams[number]),
            ] {
                guard let incoming = receiver?.incoming, let outgoing = sender?.outgoing else { continue }
                let isHeld = streams[number]?.isConnection == true && streams[number]?.clientHasConnected == false
                try hold(isHeld || outgoing.count == 0, "\(outgoing.count) bytes of stream \(number) don't go")
                try hold(incoming.credit == outgoing.credit, "credit was lost on stream \(number)")
                try hold(
                    incoming.held == 0 && incoming.window - incoming.credit <= incoming.window / 4,
                    "credit is kept back")
            }
        }
    }

    /// All streams come to their ends: nothing is left of them.
    mutating func finale() throws(Broken) {
        guard silentSince == nil, !isLost, !isOver else { return }
        try settle()
        for number in living {
            guard let stream = streams[number] else { continue }
            let id = TunnelStreamID(number)
            if !stream.clientOver {
                if stream.isConnection && !stream.clientHasConnected {
                    client.connected(id)
                    streams[number]?.clientHasConnected = true
                }
                client.end(id)
                streams[number]?.response.isEnded = true
            }
            if stream.isConnection, !stream.proxyOver {
                proxy.end(id)
                streams[number]?.request.isEnded = true
            }
        }
        try settle()
        try settle()
        guard !isOver, proxy.core.isOpen, client.core.isOpen else { return }
        try hold(living.isEmpty, "\(living) never end")
        try hold(proxy.streamCount == 0 && client.streamCount == 0, "streams are left")
        try hold(proxy.core.growthLeft == TunnelSettings.maxGrowth, "growth has leaked")
    }

    /// The link is dead from here on: everything ends in time.
    mutating func cutOff() throws(Broken) {
        if silentSince == nil, !isLost { silentSince = now }
        var rounds = 0
        while !isOver {
            rounds += 1
            try hold(rounds < 10_000, "a dead link is not noticed")
            now = [proxy.nextDeadline, client.nextDeadline].compactMap { $0 }.min() ?? now
            try timers()
            try notes()
        }
        try hold(proxy.streamCount == 0 && client.streamCount == 0 && living.isEmpty, "streams outlive their tunnel")
        try hold(proxy.nextDeadline == nil && client.nextDeadline == nil, "time goes on behind the end")
        _ = (proxy.takeOutput(atMost: .max), client.takeOutput(atMost: .max))
        try hold(
            proxy.takeOutput(atMost: .max) == nil && client.takeOutput(atMost: .max) == nil, "output behind the end")
    }
}
