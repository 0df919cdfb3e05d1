import NIOCore

@testable import Web

extension FuzzBody {
    /// The first bytes on a TLS port.
    static let hellos = FuzzBody(name: "hellos") { bytes in
        let whole = ByteBuffer(bytes: bytes).readableBytesView
        let arrival = ClientHello.look(at: whole)
        if case .complete(let hello) = arrival, let name = hello.serverName {
            let isName = name.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7B && $0 != 0x2F && !(0x41...0x5A).contains($0) }
            try require(isName && (1...255).contains(name.utf8.count), "a server's name of \(name)")
        }
        try require(
            arrival != .incomplete || bytes.count <= ClientHello.maxBytes, "\(bytes.count) bytes are waited for")
        // However it is cut, what was decided stays decided.
        var decided: ClientHello.Arrival?
        let step = max(1, bytes.count / 50)
        for count in stride(from: 0, through: bytes.count, by: step) {
            let part = ClientHello.look(at: whole.prefix(count))
            if let decided { try require(part == decided, "decided otherwise after \(count) bytes") }
            if part != .incomplete { decided = part }
        }
        if let decided { try require(arrival == decided, "decided otherwise at the end") }
    }
}
