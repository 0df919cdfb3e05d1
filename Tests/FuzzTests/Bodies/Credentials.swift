@testable import Access
@testable import Settings

extension FuzzBody {
    /// Values of `Authorization`: what is taken can be written as a header that means the same.
    static let credentials = FuzzBody(name: "credentials") { bytes in
        let shown = ShownCredential([bytes])
        try require(
            ShownCredential([[0x20] + bytes]) == shown || bytes.count >= ShownCredential.mostBytes, "a space counts")
        try require(ShownCredential([bytes, bytes]) == .malformed(.several), "two are one")
        guard case .some(let credential) = shown else {
            return try require(shown != .none, "a header is none")
        }
        try require(bytes.count <= ShownCredential.mostBytes, "\(bytes.count) bytes")
        switch credential {
        case .token(let token):
            try require(ShownCredential(["bearer " + token.exposed]) == shown, "another token is read again")
            try require(bytes.count > token.exposed.utf8.count, "a token longer than its header")
        case .password(let user, let password):
            let text = user + ":" + password.exposed
            try require(!user.utf8.contains(UInt8(ascii: ":")), "a colon in \(user)")
            try require(!text.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character")
            let again = ShownCredential(["Basic " + encoded(Array(text.utf8))])
            // Latin-1 takes more bytes as UTF-8.
            try require(again == shown || bytes.count > ShownCredential.mostBytes / 2, "another password is read again")
        }
    }

    /// Base64, written in the plainest way.
    private static func encoded(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let text = stride(from: 0, to: bits.count, by: 6).map { start in
            let group = (0..<6).map { start + $0 < bits.count ? Int(bits[start + $0]) : 0 }
            return alphabet[group.reduce(0) { $0 << 1 | $1 }]
        }
        return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
