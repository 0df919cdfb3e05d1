import ArgumentParser

/// An address to listen on as Go's flags write it: `:8080` (every interface), `127.0.0.1:0`, `[::1]:8080`, `name:8080`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets; empty for every interface.
    public let host: String
    /// 0 lets the system choose.
    public let port: Int

    /// `nil` for text that has no port, or one outside 0…65535.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.count > 2 else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "[" || $0 == "]" }) else { return nil }
        self.host = String(host)
        self.port = Int(port)
    }

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ListenAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}
