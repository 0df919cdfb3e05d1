/// What misbehaving clients did, and what the proxy let them do.
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
    /// Scrapes asked for by those who never read, and requests for targets that are none: the proxy may have counted them.
    var unread = 0
    var badTargets = 0
    /// Bodies without end of which the proxy took `ChaosCore.endlessLimit` bytes without a word.
    var swallowed = 0
    /// Polls and pushes with an `Origin` that were answered with something else than 403.
    var originsTaken = 0
    /// Announcements of huge bodies that had no answer after 5 s.
    var hugeUnanswered = 0
    /// Tunnels that the proxy opened, and what it asked for through them.
    var tunnels = 0
    var tunnelScrapes = 0
    var tunnelConnects = 0
    /// Lies told in tunnels; and those that had not ended their tunnel after 10 s.
    var lies = 0
    var liesTaken = 0
    /// Requests for a tunnel that were none, and had no answer that says so.
    var badUpgradesTaken = 0
    /// CONNECTs asked for; those answered with 200 and otherwise, and those that had no answer although their scraper waited.
    var connects = 0
    var connectsOpened = 0
    var connectsRefused = 0
    var connectsUnanswered = 0
    /// Connections that brought what was not sent through them; and those that ended in good order with less.
    var connectsMismatched = 0
    var connectsCut = 0
}
