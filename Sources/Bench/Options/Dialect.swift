import ArgumentParser

/// How the load speaks to a contestant of `compare`: `NAME=WORD,WORD`. Without one: plain HTTP and polls, nothing shown.
struct Dialect: Sendable, Hashable {
    enum Word: String, CaseIterable {
        /// TLS on every connection; the certificate is not looked at.
        case tls
        /// Clients have a tunnel each, in place of polls and pushes.
        case tunnel
        /// Every client, and the scraper, shows a token of its own.
        case tokens
    }

    let name: String
    let words: Set<Word>

    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let words = parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Word(rawValue: String($0)) }
        guard !words.isEmpty, !words.contains(nil) else { return nil }
        name = String(parts[0])
        self.words = Set(words.compactMap(\.self))
    }
}

extension Dialect: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

/// The tokens that `scripts/bench-access` makes an access file for.
enum BenchToken {
    static func client(_ index: Int) -> String { "bench-client-\(index)" }
    static let scraper = "bench-scraper"
}
