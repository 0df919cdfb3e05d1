import NIOCore
import NIOSSL

import let Glibc.AF_INET
import let Glibc.AF_INET6
import func Glibc.inet_ntop

/// A certificate as a peer has shown it, checked or not, as plain values. Names are only those that can be compared as text: visible
/// ASCII.
struct ShownCertificate: Equatable {
    /// In lower case, without the root's dot.
    let dnsNames: [String]
    /// As `inet_ntop` writes them.
    let addresses: [String]
    let emails: [String]
    let uris: [String]
    /// `CN=web-1,O=Example`, the most significant part last as in RFC 4514; for logs, not to compare by.
    let subject: String
    /// Hexadecimal, without leading zeros.
    let serial: String
    /// Seconds since 1970.
    let notBefore: Int64
    let notAfter: Int64

    init(_ certificate: NIOSSLCertificate) {
        var dnsNames: [String] = []
        var addresses: [String] = []
        var emails: [String] = []
        var uris: [String] = []
        for name in certificate._subjectAlternativeNames() {
            if name.nameType == .ipAddress {
                if let address = Self.address(Array(name.contents)) { addresses.append(address) }
                continue
            }
            guard let text = Self.text(Array(name.contents)) else { continue }
            switch name.nameType {
            case .dnsName: dnsNames.append((text.hasSuffix(".") ? String(text.dropLast()) : text).lowercased())
            case .email: emails.append(text)
            case .uri: uris.append(text)
            default: break
            }
        }
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.emails = emails
        self.uris = uris
        subject = CertificateName(certificate.subjectName).description
        serial = Self.hexadecimal(certificate.serialNumber)
        notBefore = Int64(certificate.notValidBefore)
        notAfter = Int64(certificate.notValidAfter)
    }

    /// For a certificate that the handshake has checked.
    var verified: PeerCertificate {
        PeerCertificate(
            subject: subject, dnsNames: dnsNames, ipAddresses: addresses, serial: serial,
            validity: min(notBefore, notAfter)...notAfter)
    }

    /// Whether it is made out for one of these names, as exporter-toolkit's `client_allowed_sans` compares them: exactly.
    func hasName(in allowed: Set<String>) -> Bool {
        [dnsNames, addresses, emails, uris].contains { $0.contains { allowed.contains($0) } }
    }

    /// Visible ASCII and nothing else.
    private static func text(_ bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, 64) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let all = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }.drop { $0 == UInt8(ascii: "0") }
        return all.isEmpty ? "0" : String(decoding: all, as: UTF8.self)
    }
}

/// A distinguished name, as far as its parts have names of their own.
struct CertificateName: Sendable, Hashable, CustomStringConvertible {
    private let parts: [SSLCertificateName]

    init(_ parts: [SSLCertificateName]) { self.parts = parts }

    var description: String {
        parts.reversed().compactMap { part in Self.keys[part.type].map { "\($0)=\(part.value)" } }
            .joined(separator: ",")
    }

    private static let keys: [SSLCertificateNameType: String] = [
        .commonName: "CN", .organization: "O", .organizationalUnit: "OU", .country: "C", .state: "ST", .city: "L",
        .emailAddress: "emailAddress", .userId: "UID",
    ]
}
