import NIOCore
import Wire

/// The opening handshake of a tunnel (RFC 6455 section 4): a client's request for one, and a server's answer, both known by the client's key.
public struct WebSocketHandshake: Sendable, Equatable {
    /// What runs inside the WebSocket connection, by name: must be asked for, and granted.
    public static let subprotocol = "pushprox.v2"
    static let version = "13"

    /// Why a request gets no tunnel, and what it is answered.
    public struct Refusal: Error, Sendable {
        /// 400, 405 or 426.
        public let status: Int
        /// Half a sentence; holds nothing of the request.
        public let explanation: String
        /// What the answer must have beside the usual.
        public let fields: [(name: String, value: String)]

        fileprivate init(_ status: Int, _ explanation: String, fields: [(name: String, value: String)] = []) {
            self.status = status
            self.explanation = explanation
            self.fields = fields
        }
    }

    /// What is wrong with an answer, as half a sentence that begins with "it" and holds nothing of it.
    public struct Mismatch: Error, Sendable, Equatable {
        public let explanation: String
    }

    /// 16 bytes in base64, a new one for each connection.
    let key: String

    // MARK: A client

    /// A client's, with a key from `keys`.
    public init(keys: some RandomNumberGenerator = SecretBits()) {
        var keys = keys
        var bytes: [UInt8] = []
        for _ in 0..<2 { withUnsafeBytes(of: keys.next()) { bytes += $0 } }
        key = Base64.encoded(bytes)
    }

    /// The fields of the request, each with its line end: all but `Host` of what a handshake needs.
    public func writeRequestFields(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: ")
        buffer.writeString(Self.version)
        buffer.writeStaticString("\r\nSec-WebSocket-Key: ")
        buffer.writeString(key)
        buffer.writeStaticString("\r\nSec-WebSocket-Protocol: ")
        buffer.writeString(Self.subprotocol)
        buffer.writeStaticString("\r\n")
    }

    /// Whether the answer to the request opens the connection (section 4.1): what follows its head are frames then.
    public func check(_ answer: ResponseHead) throws(Mismatch) {
        let head = answer.message
        guard answer.status == 101, answer.minorVersion == 1 else {
            throw Mismatch(explanation: "it has status \(answer.status), not 101 of HTTP/1.1")
        }
        guard head.only("Upgrade")?.lowercased() == "websocket", head.lists("upgrade", in: "Connection") else {
            throw Mismatch(explanation: "it does not upgrade the connection to a WebSocket")
        }
        guard head.only("Sec-WebSocket-Accept") == acceptance else {
            throw Mismatch(explanation: "its Sec-WebSocket-Accept does not belong to the request")
        }
        guard !head.contains("Sec-WebSocket-Extensions") else {
            throw Mismatch(explanation: "it grants an extension that was not asked for")
        }
        guard head.only("Sec-WebSocket-Protocol") == Self.subprotocol else {
            throw Mismatch(explanation: "it does not grant the subprotocol \(Self.subprotocol)")
        }
    }

    // MARK: A server

    /// What a request asks for, checked (section 4.2.1). Extensions that it offers are not looked at: none is granted.
    public init(request: RequestHead) throws(Refusal) {
        let head = request.message
        guard request.method == "GET" else {
            throw Refusal(405, "a tunnel is asked for with GET", fields: [("Allow", "GET")])
        }
        guard request.asksToUpgrade(to: "websocket") else {
            throw Refusal(400, "the request does not ask for an upgrade to a WebSocket")
        }
        guard request.framing == .none || request.framing == .length(0) else {
            throw Refusal(400, "a WebSocket handshake has no body")
        }
        guard head.only("Sec-WebSocket-Version") == Self.version else {
            throw Refusal(
                426, "the WebSocket version must be \(Self.version)",
                fields: [
                    ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", Self.version),
                ])
        }
        guard let key = head.only("Sec-WebSocket-Key"), Base64.decoded(key.utf8)?.count == 16 else {
            throw Refusal(400, "the request has no usable Sec-WebSocket-Key")
        }
        guard head.lists(exactly: Self.subprotocol, in: "Sec-WebSocket-Protocol") else {
            throw Refusal(400, "the request does not offer the subprotocol \(Self.subprotocol)")
        }
        self.key = key
    }

    /// The whole head of the answer. What follows it are frames.
    public func writeAnswer(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        buffer.writeStaticString("Sec-WebSocket-Accept: ")
        buffer.writeString(acceptance)
        buffer.writeStaticString("\r\nSec-WebSocket-Protocol: ")
        buffer.writeString(Self.subprotocol)
        buffer.writeStaticString("\r\n\r\n")
    }

    /// The value of `Sec-WebSocket-Accept` (section 4.2.2).
    var acceptance: String {
        Base64.encoded(SHA1.digest(of: (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    }
}

extension MessageHead {
    /// The value of a field that is there exactly once.
    fileprivate func only(_ name: String) -> String? { count(of: name) == 1 ? first(name) : nil }
}
