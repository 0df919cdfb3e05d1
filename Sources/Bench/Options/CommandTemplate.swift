/// A command line with placeholders, as `--proxy` and `--client` take it: `./pushprox-proxy --web.listen-address=127.0.0.1:{port}`.
///
/// Split at white space; single and double quotes keep white space, a backslash keeps the next character. There is no shell: no
/// variables, no `~`, no redirection.
struct CommandTemplate: Sendable, Hashable {
    /// The program first; never empty.
    let words: [String]

    init?(_ text: String) {
        var words: [String] = []
        var word = ""
        var inWord = false
        var quote: Character?
        var escaped = false
        for character in text {
            if escaped {
                word.append(character)
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
                inWord = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                inWord = true
            } else if character.isWhitespace {
                if inWord { words.append(word) }
                word = ""
                inWord = false
            } else {
                word.append(character)
                inWord = true
            }
        }
        guard quote == nil, !escaped else { return nil }
        if inWord { words.append(word) }
        guard let program = words.first, !program.isEmpty else { return nil }
        self.words = words
    }

    /// The words with every `{name}` replaced; a name that is not known is left as it stands.
    func filled(_ values: [String: String]) -> [String] {
        words.map { word in
            var text = ""
            var rest = Substring(word)
            while let open = rest.firstIndex(of: "{") {
                text += rest[..<open]
                rest = rest[open...]
                guard let close = rest.firstIndex(of: "}"),
                    let value = values[String(rest[rest.index(after: open)..<close])]
                else {
                    text.append("{")
                    rest = rest.dropFirst()
                    continue
                }
                text += value
                rest = rest[rest.index(after: close)...]
            }
            return text + rest
        }
    }
}
