import Clients
import NIOCore
import Wire

/// What a client says of itself: the payload of a HELLO.
public struct Hello: Sendable, Equatable {
    /// The most names that fit; a client with more has several tunnels.
    public static let maxNames = 240
    public static let maxStreams = 10_000
    static let maxAgentBytes = 200
    /// Of a greeting's payload: what fits where each of them is short.
    static let maxFields = 8_192

    public var instance: InstanceID?
    public var agent: String?
    /// How many streams it takes at once; 1…`maxStreams`.
    public var streams: Int
    /// At least one.
    public var names: [FQDN]
    /// What the client says about those of its names that it says anything about, or why that can't be taken. Such a name is to be refused.
    public var declarations: [FQDN: Result<Declaration, DeclarationProblem>]

    public init(
        names: [FQDN], streams: Int, instance: InstanceID? = nil, agent: String? = nil,
        declarations: [FQDN: Declaration] = [:]
    ) {
        self.names = names
        self.streams = min(max(1, streams), Self.maxStreams)
        self.instance = instance
        self.agent = agent
        self.declarations = declarations.filter { !$0.value.isNone }.mapValues { .success($0) }
    }

    /// What the client says about one of its names.
    public func declaration(of name: FQDN) throws(DeclarationProblem) -> Declaration {
        try declarations[name]?.get() ?? .none
    }

    /// Whether all of it can be said at once.
    public var fits: Bool { names.count <= Self.maxNames && payload.readableBytes <= FrameReader.maxPayload }

    /// - Returns: `nil` when there is no name, or something is no name or no number, or is said about no name. Fields that are not known are left
    ///   out.
    init?(_ payload: ByteBuffer) {
        guard let fields = MessageHead(fields: payload),
            let count = fields.first("Max-Streams").map({ Int($0) }) ?? 100, count > 0
        else { return nil }
        var known = KnownNames()
        fields.forEachField { name, value in
            switch name {
            case "fqdn": known.begin(String(decoding: value, as: UTF8.self))
            case "label": known.add(String(decoding: value, as: UTF8.self), to: \.labels)
            case "target": known.add(String(decoding: value, as: UTF8.self), to: \.targets)
            default: true
            }
        }
        guard known.areGood, !known.names.isEmpty else { return nil }
        names = known.names
        declarations = known.declarations
        streams = min(count, Self.maxStreams)
        instance = fields.first("Instance").flatMap { InstanceID($0) }
        agent = fields.first("Agent").map { $0.withoutControls.prefix(utf8Bytes: Self.maxAgentBytes) }
    }

    var payload: ByteBuffer {
        var bytes = ByteBuffer()
        if let instance { bytes.writeString("Instance: \(instance)\r\n") }
        if let agent = agent?.withoutControls.prefix(utf8Bytes: Self.maxAgentBytes) {
            bytes.writeString("Agent: \(agent)\r\n")
        }
        bytes.writeString("Max-Streams: \(streams)\r\n")
        for name in names {
            bytes.writeString("Fqdn: \(name.spelling)\r\n")
            guard case .success(let declaration)? = declarations[name] else { continue }
            for label in declaration.labels { bytes.writeString("Label: \(label.text)\r\n") }
            for target in declaration.targets { bytes.writeString("Target: \(target.text)\r\n") }
        }
        return bytes
    }
}

/// The names of a HELLO while its fields are read, each with the texts behind it.
private struct KnownNames {
    struct Texts {
        var labels: [String] = []
        var targets: [String] = []
    }

    private(set) var names: [FQDN] = []
    private(set) var areGood = true
    private var current: FQDN?
    private var texts: [FQDN: Texts] = [:]
    private var seen: Set<FQDN> = []

    /// - Returns: Whether to read on; so of `add`.
    mutating func begin(_ text: String) -> Bool {
        guard let name = FQDN(text), names.count < Hello.maxNames else { return stop() }
        if seen.insert(name).inserted { names.append(name) }
        current = name
        return true
    }

    mutating func add(_ text: String, to kind: WritableKeyPath<Texts, [String]>) -> Bool {
        guard let current else { return stop() }
        texts[current, default: Texts()][keyPath: kind].append(text)
        return true
    }

    private mutating func stop() -> Bool {
        areGood = false
        return false
    }

    var declarations: [FQDN: Result<Declaration, DeclarationProblem>] {
        texts.mapValues { texts in
            Result { () throws(DeclarationProblem) in
                try Declaration(labelTexts: texts.labels, targetTexts: texts.targets)
            }
        }
    }
}
