import NIOCore

/// One scrape of a client under a soak: what its target will do, and so what the client must push.
struct TargetPlan: Sendable, Equatable {
    enum Framing: String, Sendable, CaseIterable {
        case length, chunked
        /// HTTP/1.0 with a length.
        case old
        /// The end of the connection is the body's.
        case untilClose
    }

    let token: UInt64
    let behaviour: TargetBehaviour
    let framing: Framing
    /// Bytes of the body that the target means to send, 1 … 1,000,000.
    let size: Int
    /// Bytes of a chunk.
    let chunk: Int
    /// Announced to the client, in seconds.
    let timeout: Double
    /// For whatever else the behaviour leaves to chance; 0..<1.
    let chance: Double

    init(token: UInt64, behaviours: [TargetBehaviour], random: inout SeededRandom) {
        self.token = token
        behaviour = TargetBehaviour.pick(from: behaviours, &random)
        size = Self.size(of: behaviour, &random)
        chunk = [100, 1_000, 4_096, 16_384, 65_536, 1_000_000].randomElement(using: &random) ?? 4_096
        chance = Double.random(in: 0..<1, using: &random)
        timeout = behaviour.failure == nil ? 5 : 1.5
        switch behaviour {
        case .closes: framing = Framing.allCases.randomElement(using: &random) ?? .length
        case .endlessBody: framing = Bool.random(using: &random) ? .chunked : .untilClose
        case .announcesLess, .announcesMore, .announcesMost: framing = .length
        default: framing = Bool.random(using: &random) ? .length : .chunked
        }
    }

    /// Many are about as large as what a client holds back and what a read brings: 64 to 131 kB.
    private static func size(of behaviour: TargetBehaviour, _ random: inout SeededRandom) -> Int {
        switch behaviour {
        case .drips, .dripsForever: return Int.random(in: 20...2_000, using: &random)
        default: break
        }
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: Int.random(in: 1...100, using: &random)
        case 1, 2: Int.random(in: 100...64_000, using: &random)
        case 3...7: Int.random(in: 64_000...132_000, using: &random)
        case 8: Int.random(in: 132_000...400_000, using: &random)
        default: Int.random(in: 400_000...1_000_000, using: &random)
        }
    }

    /// The id under which the proxy hands it out.
    var id: String { "soak-\(token)" }

    static func token(ofID id: String) -> UInt64? { id.hasPrefix("soak-") ? UInt64(id.dropFirst(5)) : nil }

    /// Bytes of the body that arrive as one, when the target does what it means to.
    var wholeSize: Int { behaviour == .announcesLess ? max(1, size - 1 - size / 10) : size }

    /// Whether so much of the response arrives before its end that the client has begun to push it: a failure can then only be shown
    /// by breaking the push off.
    var mayBreakOff: Bool {
        switch behaviour {
        case .announcesMore, .announcesMost, .resetsMidway, .stallsMidway: size > 32_000
        case .endlessBody: true
        default: false
        }
    }

    /// For people.
    var description: String { "\(behaviour.rawValue), \(size) bytes, \(framing.rawValue), token \(token)" }
}

/// The bodies of targets under a soak: the same for the same plan.
struct TargetBodies: Sendable {
    static let host = "127.0.0.1"
    private let payload = Payload(largest: 1_000_000)

    /// In two pieces, the second of which shares its storage with all others.
    func body(_ plan: TargetPlan, size: Int) -> [ByteBuffer] {
        let first = ByteBuffer(string: Payload.firstLine(fqdn: TargetBodies.host, token: plan.token, size: size))
        guard first.readableBytes < size else { return [first.getSlice(at: 0, length: size) ?? first] }
        return [first, payload.rest(size - first.readableBytes)]
    }

    func matches(_ received: ByteBuffer, _ plan: TargetPlan) -> Bool {
        guard received.readableBytes == plan.wholeSize else { return false }
        var rest = received
        return body(plan, size: plan.wholeSize).allSatisfy { rest.readSlice(length: $0.readableBytes) == $0 }
    }
}
