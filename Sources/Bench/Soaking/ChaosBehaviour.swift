/// How a misbehaving client misbehaves.
enum ChaosBehaviour: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    /// Comes, polls, answers, and goes with a FIN: a laptop that is closed.
    case comesAndGoes
    /// Goes with an RST while its poll is parked.
    case resets
    /// Polls, then neither reads nor closes for long: a connection whose other end is gone.
    case goesSilent
    /// Polls on two connections under one name.
    case pollsTwice
    /// Pushes after the scrape's deadline.
    case pushesLate
    /// Pushes the same answer twice.
    case pushesTwice
    /// Begins a push and breaks off in the middle of its body.
    case breaksOff
    /// Pushes what is no response, or one to a scrape that never was.
    case pushesGarbage
    /// Polls without a name, with one that is far too long, with GET, with bytes that are no HTTP.
    case pollsGarbage
    /// Connects and says nothing, or half a head.
    case saysNothing
}
