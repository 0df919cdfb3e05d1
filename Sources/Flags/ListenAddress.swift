import Addresses
import ArgumentParser

/// An address to listen on as Go's flags write it: `:8080` (every interface), `127.0.0.1:0`, `[::1]:8080`, `name:8080`; or a socket of
/// this machine alone, `unix:/run/pushprox.sock`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets; empty for every interface.
    public let host: String
    /// 0 lets the system choose.
    public let port: Int

    /// Of a Unix domain socket, absolute; host and port mean nothing then.
    public let path: String?

    /// What the system takes as the path of a socket (unix(7)); bytes.
    public static let maxPathBytes = 107

    /// `nil` for text that has no port, or one outside 0…65535, and for the path of a socket that is longer than the system takes.
    public init?(_ text: String) {
        if text.hasPrefix("unix:/") {
            let path = text.dropFirst("unix:".count)
            guard path.utf8.count <= Self.maxPathBytes, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                return nil
            }
            self.init(path: String(path))
            return
        }
        guard let authority = Authority(text[...]), let port = authority.port,
            !authority.host.contains(where: \.isWhitespace)
        else { return nil }
        self.init(host: authority.host, port: port)
    }

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
        path = nil
    }

    public init(path: String) {
        host = ""
        port = 0
        self.path = path
    }

    public var description: String {
        if let path { return "unix:\(path)" }
        return Authority(host: host, port: port).description
    }
}

extension ListenAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}
