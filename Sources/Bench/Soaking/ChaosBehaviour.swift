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
    /// Pushes something that is not a response, or one to a scrape that never was.
    case pushesGarbage
    /// Polls without a name, with one that is far too long, with GET, with bytes that are no HTTP.
    case pollsGarbage
    /// Connects and says nothing, or half a head.
    case saysNothing
    /// Asks once, then keeps its connection open for ever. Only those do that who do nothing else.
    case staysIdle
    /// Asks for the list of clients again and again, or for large scrapes, and reads nothing of it.
    case neverReads
    /// Sends a body without end to a route that wants none, announced by a length or in chunks.
    case sendsEndlessly
    /// Pushes in chunks of one byte, to a scraper that reads nothing.
    case pushesBytewise
    /// Polls under another name every time.
    case renamesItself
    /// Polls under one name as another process every time.
    case changesInstance
    /// Sends megabytes behind its poll, and leaves.
    case pipelinesAndLeaves
    /// Asks for targets that are none, many on one connection.
    case pipelinesBadTargets
    /// Polls and pushes as a page in a browser would.
    case sendsOrigin
    /// Announces a body larger than any may be, and sends none of it.
    case announcesHuge
    /// Has a tunnel, answers in every way that is legal, and goes in one of the ways that there are.
    case tunnels
    /// Sends through a tunnel what no client may send.
    case tunnelsLies
    /// Takes scrapes and connections through a tunnel and does nothing, or not enough; or reads nothing of it.
    case tunnelsAndStalls
    /// Says who it is, pings, gives credit or sends bytes one by one, hundreds of times.
    case floodsTunnel
    /// Is gone from a tunnel without a word, or in the middle of a response.
    case tunnelsAndVanishes
    /// Refuses all that it is asked for through a tunnel.
    case tunnelsAndRefuses
    /// Asks for a tunnel wrongly.
    case upgradesBadly
    /// A scraper that asks for a connection, and idles, half-closes, aborts, does not read, leaves.
    case connects

    /// What an actor chooses from. Acts of many requests or megabytes come less often: one of them weighs as much as ten others.
    static let acts = allCases.filter { $0 != .staysIdle }.flatMap { repeatElement($0, count: $0.isHeavy ? 1 : 6) }
    /// For a proxy that has no tunnels.
    static let actsWithoutTunnels = acts.filter { !$0.needsTunnels }

    private var isHeavy: Bool {
        switch self {
        case .neverReads, .sendsEndlessly, .pushesBytewise, .renamesItself, .changesInstance, .pipelinesAndLeaves,
            .pipelinesBadTargets, .floodsTunnel:
            true
        default: false
        }
    }

    private var needsTunnels: Bool {
        switch self {
        case .tunnels, .tunnelsLies, .tunnelsAndStalls, .floodsTunnel, .tunnelsAndVanishes, .tunnelsAndRefuses,
            .upgradesBadly, .connects:
            true
        default: false
        }
    }
}
