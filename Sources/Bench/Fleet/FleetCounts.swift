/// What a fleet has seen and done since it started.
struct FleetCounts: Sendable, Codable, Equatable {
    /// Poll connections that are open now.
    var connected = 0
    /// Polls written.
    var polls = 0
    /// Polls answered with a scrape.
    var scrapes = 0
    /// Polls ended with 204: nothing to scrape.
    var idleAnswers = 0
    /// Polls ended with 408: another poll of that name came later.
    var superseded = 0
    /// Polls answered with anything else, or with a body that is not a request.
    var pollErrors = 0
    /// Pushes written, and those of them that were answered with 200.
    var pushes = 0
    var pushesTaken = 0
    /// Pushes answered with another status, or not at all because the connection broke.
    var pushErrors = 0
    /// Poll connections that the proxy closed or that broke.
    var connectionsLost = 0
    var connectErrors = 0
    /// Scrapes that were delivered a second time; counted when the fleet was told to notice.
    var repeats = 0

    static func + (left: FleetCounts, right: FleetCounts) -> FleetCounts {
        var sum = left
        sum.connected += right.connected
        sum.polls += right.polls
        sum.scrapes += right.scrapes
        sum.idleAnswers += right.idleAnswers
        sum.superseded += right.superseded
        sum.pollErrors += right.pollErrors
        sum.pushes += right.pushes
        sum.pushesTaken += right.pushesTaken
        sum.pushErrors += right.pushErrors
        sum.connectionsLost += right.connectionsLost
        sum.connectErrors += right.connectErrors
        sum.repeats += right.repeats
        return sum
    }

    /// What went wrong, as a number: 0 in a sound run.
    var errors: Int { pollErrors + pushErrors + connectionsLost + connectErrors + repeats }
}
