import NIOCore
import TestKit

@testable import Failures
@testable import Tunnel
@testable import Wire

/// One direction of the connection: bytes, cut anywhere.
struct CutPipe {
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
enum Pattern {
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
    struct Flow {
        var sent = 0
        var isEnded = false
        var received = 0
        var passed = 0
        var endTold = false
        /// What the proxy was told of as gone.
        var told = 0
        var held: Int { received - passed }
    }

    struct Stream {
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

    var random: Seeded
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let window: Int
    var proxy: ProxyEnd
    var client: ClientEnd
    var toClient = CutPipe()
    var toProxy = CutPipe()
    var proxyTap = WireTap(isClient: false)
    var clientTap = WireTap(isClient: true)
    var streams: [UInt32: Stream] = [:]
    var living: [UInt32] = []
    var proxyClosed: TunnelClosing?
    var clientClosed: TunnelClosing?
    var silentSince: NIODeadline?
    var isLost = false
    var drained = 0
    let hello: Hello
    let interval: TimeAmount

    var opened = 0
    var complete = 0

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

    func hold(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Broken) {
        if !holds { throw Broken(description: rule()) }
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

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

    mutating func open() throws(Broken) {
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

    mutating func clientWorks() throws(Broken) {
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

    mutating func size() -> Int {
        chance(8) ? Int.random(in: 0...100_000, using: &random) : Int.random(in: 0...2_000, using: &random)
    }

    mutating func send(_ number: UInt32, _ count: Int) {
        guard let stream = streams[number] else { return }
        client.send(TunnelStreamID(number), Pattern.slice(of: number, from: stream.response.sent, count))
        streams[number]?.response.sent += count
    }

    mutating func proxyWorks() throws(Broken) {
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
            } else if proxy.core.waiting(id) < TunnelSettings.highWater {
                let count = size()
                proxy.send(id, Pattern.slice(of: number, from: stream.request.sent, count))
                streams[number]?.request.sent += count
            }
        }
    }

    /// Bytes reach whom they are for. Some streams' scrapers take none for long.
    mutating func pass() throws(Broken) {
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

    mutating func piece() -> Int {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: 1 + Int.random(in: 0..<12, using: &random)
        case 1: 1 + Int.random(in: 0..<2_000, using: &random)
        default: .max
        }
    }

    mutating func deliver(toTheClient: Bool) throws(Broken) {
        guard !isLost, silentSince == nil else { return }
        let most = piece()
        if toTheClient {
            if let bytes = toClient.read(most) { client.received(bytes, at: now) }
        } else if let bytes = toProxy.read(most) {
            proxy.received(bytes, at: now)
        }
    }

    mutating func write(byClient: Bool) throws(Broken) {
        // The socket takes no more for now.
        guard (byClient ? toProxy : toClient).count < 300_000 else { return }
        let most = [1, 1_000, 65_536].randomElement(using: &random) ?? 1
        let isContended =
            (byClient ? client.core : proxy.core).streams.values.count { $0.outgoing?.isReady == true } > 1
        guard let output = byClient ? client.takeOutput(atMost: most) : proxy.takeOutput(atMost: most) else { return }
        if byClient {
            clientTap.take(output, isContended: isContended)
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
            proxyTap.take(output, isContended: isContended)
            proxyTap.ends = []
            if !isLost { toClient.write(output) }
        }
        try hold(clientTap.broken == nil && proxyTap.broken == nil, "\(clientTap.broken ?? proxyTap.broken ?? "")")
    }

    mutating func time() throws(Broken) {
        now =
            now
            + .nanoseconds(Int64.random(in: 0...(interval.nanoseconds / (silentSince == nil ? 8 : 1)), using: &random))
        try timers()
    }

    mutating func timers() throws(Broken) {
        if let due = proxy.nextDeadline, due <= now { proxy.timePassed(to: now) }
        if let due = client.nextDeadline, due <= now { client.timePassed(to: now) }
        if let since = silentSince, now - since > interval + interval + interval + .seconds(10) {
            try notes()
            try hold(isOver, "the link is dead since \(now - since), and nobody has noticed")
        }
    }

    /// What is asked of streams that are over or never were.
    mutating func calls() throws(Broken) {
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

    mutating func ends() throws(Broken) {
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
    mutating func endAll(atProxy: Bool) {
        for number in living {
            if atProxy { streams[number]?.proxyOver = true } else { streams[number]?.clientOver = true }
        }
    }
}
