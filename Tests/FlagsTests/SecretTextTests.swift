import Flags
import Testing

@Suite struct SecretTextTests {
    @Test(
        "User information is taken out of a URL, well-formed or not",
        arguments: [
            ("http://user:secret@host:80/x", "http://…@host:80/x"), ("user:secret@host", "…@host"),
            ("http://user:sec@ret@host", "http://…@host"), ("http://user:sec/ret@host", "http://…@host"),
            ("http://host/x", "http://host/x"), ("", ""), ("@", "…@"), ("secret@a://b", "…@a://b"),
        ])
    func urls(text: String, expected: String) { #expect(SecretText.withoutUserInfo(text) == expected) }

    @Test("A message that repeats an argument does so without its user information")
    func messages() {
        let arguments = ["client", "--fqdn=http://u:secret@h", "http://u:secret@other", "--x", "-y=a@b"]
        let message = "The value 'http://u:secret@h' is invalid; unexpected 'http://u:secret@other', a@b, client"
        #expect(
            SecretText.withoutUserInfo(message, where: arguments)
                == "The value 'http://…@h' is invalid; unexpected 'http://…@other', …@b, client")
    }
}
