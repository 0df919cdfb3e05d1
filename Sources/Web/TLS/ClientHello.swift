import NIOCore

/// The first bytes of a connection to a TLS port: what kind of peer they come from and, of a TLS client, its whole ClientHello.
///
/// A handshake costs nothing before all of it is here: neither a place among `--web.max-handshakes` nor the memory of a TLS
/// connection. Inside, only the server's name is looked for; whether the rest is in order BoringSSL finds out (RFC 8446 sections
/// 4.1.2 and 5.1, RFC 6066 section 3).
struct ClientHello: Equatable {
    enum Arrival: Equatable {
        case incomplete
        case complete(ClientHello)
        /// A request in plain text.
        case http
        /// Nothing that a TLS client sends.
        case notTLS
    }

    /// More than any ClientHello that BoringSSL takes (16 KiB) in as many records as it may come in; bytes.
    static let maxBytes = 32_768

    /// Whom the client wants, as it says, in lower case; `nil` where it does not say, or says no host name.
    let serverName: String?

    /// - Parameter bytes: From the connection's first on.
    static func look(at bytes: ByteBufferView) -> Arrival {
        guard let first = bytes.first else { return .incomplete }
        // Methods are capital letters, and no TLS record's type is one.
        if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) { return .http }
        var message: [UInt8] = []
        var rest = Reader(bytes: bytes[...])
        while rest.hasMore {
            guard rest.byte() == handshakeRecord else { return .notTLS }
            guard let major = rest.byte() else { break }
            guard major == 3 else { return .notTLS }
            guard rest.byte() != nil, let length = rest.integer() else { break }
            guard (1...16_384).contains(length) else { return .notTLS }
            guard let fragment = rest.take(length) else { break }
            message += fragment
            var reader = Reader(bytes: message[...])
            guard reader.byte() == clientHelloMessage else { return .notTLS }
            if let high = reader.byte(), let low = reader.integer(), let body = reader.take(high << 16 | low) {
                return .complete(ClientHello(serverName: serverName(in: body)))
            }
        }
        return bytes.count > maxBytes ? .notTLS : .incomplete
    }

    private static let handshakeRecord = 22
    private static let clientHelloMessage = 1

    private static func serverName(in body: ArraySlice<UInt8>) -> String? {
        var hello = Reader(bytes: body)
        // Version and random; session id; cipher suites; compression methods.
        guard hello.take(34) != nil, hello.byte().flatMap({ hello.take($0) }) != nil,
            hello.integer().flatMap({ hello.take($0) }) != nil, hello.byte().flatMap({ hello.take($0) }) != nil,
            let length = hello.integer(), let list = hello.take(length)
        else { return nil }
        var extensions = Reader(bytes: list)
        while let type = extensions.integer(), let length = extensions.integer(), let data = extensions.take(length) {
            guard type == 0 else { continue }
            var names = Reader(bytes: data)
            guard names.integer() != nil, names.byte() == 0, let length = names.integer(),
                let name = names.take(length)
            else { return nil }
            return hostName(name)
        }
        return nil
    }

    private static func hostName(_ bytes: ArraySlice<UInt8>) -> String? {
        let isHostName =
            (1...255).contains(bytes.count)
            && bytes.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
            }
        return isHostName ? String(decoding: bytes, as: UTF8.self).lowercased() : nil
    }

    /// Takes bytes off the front; `nil` where there are not so many.
    private struct Reader<Bytes: RandomAccessCollection> where Bytes.Element == UInt8, Bytes.SubSequence == Bytes {
        var bytes: Bytes

        var hasMore: Bool { !bytes.isEmpty }

        mutating func byte() -> Int? { bytes.popFirst().map { Int($0) } }

        /// Of two bytes, the greater one first.
        mutating func integer() -> Int? {
            guard let high = byte(), let low = byte() else { return nil }
            return high << 8 | low
        }

        mutating func take(_ count: Int) -> Bytes? {
            guard count <= bytes.count else { return nil }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count)
        }
    }
}
