import NIOCore
import Wire

/// What the proxy answers to that: the payload of a WELCOME.
public struct Welcome: Sendable, Equatable {
    /// A name that the proxy does not take.
    public struct Refused: Sendable, Equatable {
        public var name: FQDN
        /// For people; one line.
        public var reason: String

        public init(name: FQDN, reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    static let version = "2"
    /// What a ping interval can be.
    static let minInterval = TimeAmount.milliseconds(1)
    static let maxInterval = TimeAmount.seconds(31_536_000)
    private static let maxReasonBytes = 120

    /// How many bytes of a stream may be under way at its beginning.
    public var window: Int
    public var pingInterval: TimeAmount
    public var refused: [Refused]

    public init(window: Int, pingInterval: TimeAmount, refused: [Refused] = []) {
        self.window = window
        self.pingInterval = pingInterval
        self.refused = refused
    }

    /// - Returns: `nil` for another version, or numbers that are none, or none that could be meant.
    init?(_ payload: ByteBuffer) {
        guard let fields = MessageHead(fields: payload), fields.first("Version") == Self.version,
            let window = fields.first("Window").flatMap({ Int($0) }), (1...TunnelSettings.maxWindow).contains(window),
            let interval = ScrapeTimeout.parse(fields.first("Ping-Interval")), interval >= Self.minInterval
        else { return nil }
        self.window = window
        pingInterval = interval
        var known: [Refused] = []
        var areNames = true
        fields.forEachValue("Refused") { value in
            let text = String(decoding: value, as: UTF8.self)
            let words = text.split(separator: " ", maxSplits: 1)
            guard let first = words.first, let name = FQDN(String(first)) else {
                areNames = false
                return false
            }
            known.append(Refused(name: name, reason: words.count > 1 ? String(words[1]).withoutControls : ""))
            return true
        }
        guard areNames else { return nil }
        refused = known
    }

    var payload: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeString("Version: \(Self.version)\r\nWindow: \(window)\r\n")
        bytes.writeString("Ping-Interval: \(ScrapeTimeout.text(pingInterval))\r\n")
        // All names have to fit into one frame; reasons share what they leave.
        let names = refused.reduce(bytes.readableBytes) {
            $0 + $1.name.spelling.utf8.count + "Refused:  \r\n".utf8.count
        }
        let room = (FrameReader.maxPayload - names) / max(1, refused.count)
        for refusal in refused {
            let reason = refusal.reason.withoutControls.prefix(utf8Bytes: min(Self.maxReasonBytes, max(0, room)))
            bytes.writeString("Refused: \(refusal.name.spelling) \(reason)\r\n")
        }
        return bytes
    }
}
