/// How scrapes follow each other.
enum Load: Sendable, Hashable {
    /// A number of scrapes is always in flight, 1 or more: the next begins when one has ended. Shows how much a proxy can do.
    case closed(inFlight: Int)
    /// Scrapes are due at a steady rate per second, whatever became of the earlier ones, and their latency counts from then. Shows
    /// what a Prometheus sees: a stall delays, and is seen in, every scrape that was due meanwhile.
    case open(perSecond: Double)
}
