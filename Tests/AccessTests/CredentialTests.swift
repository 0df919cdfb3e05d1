import Foundation
import Settings
import Testing

@testable import Access

@Suite("Credentials of requests") struct CredentialTests {
    private func basic(_ text: String) -> ShownCredential {
        ShownCredential(["Basic " + Data(text.utf8).base64EncodedString()])
    }

    private func password(_ user: String, _ password: String) -> ShownCredential {
        .some(.password(user: user, Secret(password)))
    }

    @Test("Basic: the password is all that follows the first colon")
    func passwords() {
        #expect(basic("user:pass") == password("user", "pass"))
        #expect(basic("user:pa:ss:") == password("user", "pa:ss:"))
        #expect(basic(":") == password("", ""))
        #expect(basic("jörg:pässwörd ") == password("jörg", "pässwörd "))
        #expect(ShownCredential(["bAsIc  \t dTpw \t"]) == password("u", "p"))
        let latin = Data([0x75, 0x3A, 0xE9]).base64EncodedString()
        #expect(ShownCredential(["Basic " + latin]) == password("u", "é"))
    }

    @Test("Bearer: one token of the characters that RFC 6750 allows")
    func tokens() {
        #expect(ShownCredential(["Bearer abc-._~+/09=="]) == .some(.token(Secret("abc-._~+/09=="))))
        #expect(ShownCredential(["BEARER x"]) == .some(.token(Secret("x"))))
        for wrong in [
            "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a=b", "Bearer a,b", "Bearer ü", "Bearer a\u{0}",
        ] {
            #expect(ShownCredential([wrong]) == .malformed(.badToken), "\(wrong)")
        }
    }

    @Test("What is no credential is said to be none, and why")
    func malformed() {
        #expect(ShownCredential([]) == .none)
        #expect(ShownCredential(["Basic dTpw", "Basic dTpw"]) == .malformed(.several))
        #expect(ShownCredential(["", "Bearer x"]) == .malformed(.several))
        for scheme in ["", " ", "Digest username=\"x\"", "Negotiate abc", "Basicx dTpw", "Basic,dTpw"] {
            #expect(ShownCredential([scheme]) == .malformed(.unknownScheme), "\(scheme)")
        }
        for base64 in ["", "dTp", "dTpw=", "dTp===", "dT=w", "d-_w", "dTpw dTpw", "dTpw\u{0}", "====", "=", "dTpw\n"] {
            #expect(ShownCredential(["Basic " + base64]) == .malformed(.badBase64), "\(base64)")
        }
        #expect(basic("user") == .malformed(.noColon))
        for text in ["u\u{0}:p", "u:p\u{0}", "u:p\n", "u\u{7F}:p"] {
            #expect(basic(text) == .malformed(.controlCharacter), "\(text.debugDescription)")
        }
        let long = String(repeating: "a", count: 8_192)
        #expect(ShownCredential(["Bearer " + long]) == .malformed(.tooLong))
        #expect(ShownCredential(["Bearer " + long.dropLast(7)]) == .some(.token(Secret(String(long.dropLast(7))))))
    }

    @Test("Nothing prints a credential")
    func unprintable() {
        for credential in [basic("hunter1:hunter2"), ShownCredential(["Bearer hunter2"])] {
            var dumped = ""
            dump(credential, to: &dumped)
            for text in ["\(credential)", String(reflecting: credential), dumped] {
                #expect(!text.contains("hunter"), "\(text)")
            }
        }
    }
}
