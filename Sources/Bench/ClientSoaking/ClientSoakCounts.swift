/// What became of the scrapes that a client under a soak was handed, and how it polled.
struct ClientSoakCounts: Sendable, Codable, Equatable {
    /// How many of the things that went wrong are kept as text.
    static let exampleLimit = 20

    var handedOut = 0
    var begun: [TargetBehaviour: Int] = [:]
    /// Responses pushed whole and right.
    var good = 0
    /// Failures reported, by kind.
    var reported: [String: Int] = [:]
    /// Pushes that had begun and had to be broken off.
    var brokenOff = 0
    /// Nothing came because the proxy was gone.
    var excused = 0
    /// Pushes that came again because the first had no answer.
    var repeated = 0

    /// What should not happen: scrapes that did not end as they had to, by behaviour, and some of them in words.
    var wrong: [TargetBehaviour: Int] = [:]
    var examples: [String] = []
    /// Of these, those that nothing came of.
    var missing = 0
    /// Pushes of the same scrape, and of scrapes that never were.
    var twice = 0
    var unknown = 0
    var late = 0
    /// From handing out to the end of the push, in seconds.
    var slowest = 0.0

    /// How often the proxy was in which mood.
    var moods: [ProxyMood: Int] = [:]
    var recoveries = 0
    /// From the end of trouble to the next poll, in seconds.
    var slowestRecovery = 0.0
    var pollsInTrouble = 0
    /// How often the client polled faster in trouble than its backoff allows.
    var hurried = 0

    /// Scrapes of good targets that did not end well, and of all.
    func wrong(where isGood: Bool) -> Int { wrong.filter { ($0.key.failure == nil) == isGood }.values.reduce(0, +) }
}
