/// What misbehaving clients did.
struct ChaosCounts: Sendable, Codable, Equatable {
    /// How often each behaviour was begun.
    var begun: [ChaosBehaviour: Int] = [:]
    /// Scrapes that were delivered to them.
    var scrapes = 0
    /// Whole pushes written; those answered 200, and those answered with anything else.
    var pushes = 0
    var pushesTaken = 0
    var pushesRefused = 0
    /// Pushes that were broken off on purpose.
    var brokenOff = 0
    /// Requests of garbage written.
    var garbage = 0
    var connectErrors = 0
}
