import Store

/// What the screen wants to know next.
struct ReadRequest: Equatable, Sendable {
    enum Subject: Equatable, Sendable {
        case clients(ClientQuery)
        /// A client by its name, and a window of its failures.
        case client(fqdn: String, FailureQuery)
        case failures(FailureQuery)
    }

    /// Grows with every request; an answer names it.
    var number: Int
    var subject: Subject
}

/// What is true whatever view is open.
struct Overview: Equatable, Sendable {
    var proxy: ProxyRecord
    var counts: StateCounts
    /// The last minutes, oldest first.
    var seconds: [SecondSample]

    /// How many seconds are read: the widest sparkline that is drawn.
    static let span: Int64 = 900
}

/// The answer to a request.
struct ReadResult: Sendable {
    enum Answer: Equatable, Sendable {
        case clients(ClientPage)
        /// `nil` when the record knows no client of that name; there may be failures of it all the same.
        case client(ClientDetail?, FailurePage)
        /// With the position of the page's first failure.
        case failures(FailurePage, offset: Int)
    }

    enum Outcome: Equatable, Sendable {
        case read(Overview, Answer)
        /// Nothing was written since the same request was answered; only what the file cannot tell is new.
        case unchanged(ProxyRecord)
        case unavailable(RecordProblem)
    }

    /// The request's.
    var number: Int
    var outcome: Outcome
}
