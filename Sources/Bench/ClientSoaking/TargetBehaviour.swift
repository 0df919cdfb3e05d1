/// What a target does with a scrape of a client under a soak.
enum TargetBehaviour: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    // Those that a scrape can be had from.

    /// Answers, and keeps the connection.
    case answers
    /// Answers, and closes right behind the last byte, as Python's `http.server` does.
    case closes
    /// Answers, and closes the idle connection some moment later: maybe just when the next request comes.
    case closesIdle
    /// Answers in small pieces.
    case drips
    /// Says `100 Continue` a few times first.
    case saysContinue

    // Those that it can't be had from, or not surely.

    /// Announces less than it sends, and closes. What was announced may be taken for a response.
    case announcesLess
    /// Announces more than it sends, and closes.
    case announcesMore
    /// Announces the largest number that there is, and closes.
    case announcesMost
    case stalls
    case stallsMidway
    /// Sends a byte from time to time.
    case dripsForever
    case resets
    case resetsMidway
    case sendsGarbage
    case endlessHead
    case endlessBody
    /// Says `100 Continue` for ever.
    case continuesForever
    /// Nobody listens.
    case unreachable
    /// The scrape is of another host.
    case otherHost
    /// The scrape has no timeout.
    case untimed

    /// How often it is chosen, beside the others.
    var weight: Int {
        switch self {
        case .closes: 40
        case .answers, .closesIdle: 20
        case .drips, .saysContinue: 6
        default: 3
        }
    }

    /// What the client may say of such a scrape; `nil` when it must push the response.
    var failure: String? {
        switch self {
        case .answers, .closes, .closesIdle, .drips, .saysContinue: nil
        case .announcesLess, .announcesMore, .announcesMost, .resets, .resetsMidway, .sendsGarbage, .endlessHead,
            .continuesForever:
            "target_broken"
        case .stalls, .stallsMidway, .dripsForever, .endlessBody: "target_timeout"
        case .unreachable: "target_unreachable"
        case .otherHost, .untimed: "target_refused"
        }
    }

    static func pick(from behaviours: [TargetBehaviour], _ random: inout SeededRandom) -> TargetBehaviour {
        var point = Int.random(in: 0..<max(1, behaviours.reduce(0) { $0 + $1.weight }), using: &random)
        for behaviour in behaviours {
            point -= behaviour.weight
            if point < 0 { return behaviour }
        }
        return .answers
    }
}
