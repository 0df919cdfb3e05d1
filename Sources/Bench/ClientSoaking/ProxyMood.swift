/// How the proxy treats a client under a soak.
enum ProxyMood: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    case serves
    /// Neither listens nor has a connection left.
    case gone
    /// Polls are answered with a status that means trouble.
    case notFound, failing, busy, redirecting, superseding
    /// Polls are answered 204 at once.
    case idling
    /// Polls are answered with something that is not HTTP, with something that is not a scrape, and with half an answer.
    case garbage, noScrape, halves
    /// Pushes are read and answered with 500, are reset when they begin, or have no answer.
    case refusesPushes, cutsPushes, stallsPushes

    /// What it answers polls with at once; `nil` when it parks them.
    var pollAnswer: String? {
        switch self {
        case .serves, .gone, .refusesPushes, .cutsPushes, .stallsPushes: nil
        case .notFound: "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnone\n"
        case .failing: "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
        case .busy: "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
        case .redirecting: "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
        case .superseding: "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        case .idling: "HTTP/1.1 204 No Content\r\n\r\n"
        case .garbage: "SSH-2.0-OpenSSH_9.2\r\n\r\n"
        case .noScrape: "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello there\n"
        case .halves: "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nGET http://127.0.0.1"
        }
    }

    /// Whether it closes behind that answer.
    var closesPolls: Bool { self == .garbage || self == .halves }
}

/// Which moods follow each other, and for how long: it serves, then there is trouble; every other time it is gone.
struct MoodSchedule {
    private var random: SeededRandom
    private var count = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func next() -> (mood: ProxyMood, milliseconds: Int64) {
        count += 1
        if count % 2 == 1 { return (.serves, Int64.random(in: 1_500...4_000, using: &random)) }
        let others = ProxyMood.allCases.filter { $0 != .serves && $0 != .gone }
        let mood = count % 4 == 2 ? .gone : others.randomElement(using: &random) ?? .gone
        return (mood, Int64.random(in: 300...2_000, using: &random))
    }
}
