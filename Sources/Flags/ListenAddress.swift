import Addresses
import ArgumentParser

/// An address to listen on as Go's flags write it: `:8080` (every interface), `127.0.0.1:0`, `[::1]:8080`, `name:8080`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets; empty for every interface.
    public let host: String
    /// 0 lets the system choose.
    public let port: Int

    /// `nil` for text that has no port, or one outside 0…65535.
    public init?(_ text: String) {
        guard let authority = Authority(text[...]), let port = authority.port,
            !authority.host.contains(where: \.isWhitespace)
        else { return nil }
        self.init(host: authority.host, port: port)
    }

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { Authority(host: host, port: port).description }
}

extension ListenAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}
