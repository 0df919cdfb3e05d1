import Addresses
import NIOSSL

/// Whom a TLS connection must lead to, the host of a URL, and whether a certificate is made out for it (RFC 9525, RFC 6125).
///
/// Names are compared with a certificate's DNS names alone, addresses with its IP addresses alone; the common name counts for
/// nothing. This takes the place of swift-nio-ssl's own check, which accepts a certificate for the address of the socket where a
/// name was asked for, and knows no other address than the socket's: behind an HTTP proxy that is the HTTP proxy's.
struct ServerIdentity: Sendable {
    /// One of the subject alternative names of a certificate (RFC 5280 section 4.2.1.6).
    enum PresentedName: Sendable {
        case dns([UInt8])
        /// 4 or 16 bytes.
        case address([UInt8])
    }

    private enum Reference {
        /// In lower case.
        case name([ArraySlice<UInt8>])
        case address([UInt8])
        /// No certificate can be made out for it.
        case unmatchable
    }

    private let reference: Reference
    /// What the server is told whom we want (SNI, RFC 6066 section 3): the name without the root's dot, `nil` for an address.
    let serverName: String?

    /// - Parameter host: of a URL, without brackets.
    init(host: String) {
        if let address = IPAddress.bytes(host) {
            reference = .address(address)
            serverName = nil
        } else {
            reference = Self.labels(Array(host.utf8)).map { .name($0) } ?? .unmatchable
            serverName = host.hasSuffix(".") ? String(host.dropLast()) : host
        }
    }

    func matches(_ certificate: NIOSSLCertificate) -> Bool {
        matches(
            certificate._subjectAlternativeNames().compactMap { name in
                switch name.nameType {
                case .dnsName: .dns(Array(name.contents))
                case .ipAddress: .address(Array(name.contents))
                default: nil
                }
            })
    }

    func matches(_ names: [PresentedName]) -> Bool {
        names.contains { name in
            switch (reference, name) {
            case (.name(let labels), .dns(let pattern)): Self.labels(labels, fit: pattern)
            case (.address(let address), .address(let presented)): IPAddress.unmapped(presented) == address
            case (.name, .address), (.address, .dns), (.unmatchable, _): false
            }
        }
    }

    /// - Parameter pattern: a name, or one whose whole left-most label is `*`, which stands for exactly one label.
    private static func labels(_ labels: [ArraySlice<UInt8>], fit pattern: [UInt8]) -> Bool {
        if pattern.starts(with: "*.".utf8) {
            guard let suffix = Self.labels(Array(pattern.dropFirst(2))) else { return false }
            return labels.count == suffix.count + 1 && labels.dropFirst().elementsEqual(suffix)
        }
        return Self.labels(pattern) == labels
    }

    /// The labels of a name, without the root's; `nil` for bytes that are no host name.
    private static func labels(_ name: [UInt8]) -> [ArraySlice<UInt8>]? {
        let text = name.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let dot = UInt8(ascii: ".")
        let labels = (text.last == dot ? text.dropLast() : text[...]).split(
            separator: dot, omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: "_")
                }
        }
        return isName ? labels : nil
    }
}
