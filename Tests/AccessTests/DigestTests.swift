import Settings
import Testing

@testable import Access

@Suite("Digests") struct DigestTests {
    @Test("A token's hash is read as it is written, in either case, and nothing else is")
    func tokenHashes() throws {
        let text = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        #expect(TokenHash(of: Secret("test")).description == text)
        #expect(TokenHash(text) == TokenHash(of: Secret("test")))
        #expect(TokenHash("sha256:" + text.dropFirst(7).uppercased()) == TokenHash(text))
        for wrong in [
            "", "sha256:", text + "0", String(text.dropLast()), "md5:" + text.dropFirst(7), text.dropLast() + "g",
        ] {
            #expect(TokenHash(String(wrong)) == nil, "\(wrong)")
        }
    }

    @Test("New tokens are 43 characters that a header takes, and never the same")
    func newTokens() throws {
        var seen: Set<String> = []
        for _ in 0..<200 {
            let token = NewToken.make()
            #expect(token.exposed.utf8.count == 43)
            #expect(ShownCredential(["Bearer " + token.exposed]) == .some(.token(token)))
            #expect(seen.insert(token.exposed).inserted)
        }
    }
}
