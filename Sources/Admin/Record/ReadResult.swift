import Store

/// The answer to a request.
struct ReadResult: Sendable {
    enum Answer: Equatable, Sendable {
        case clients(ClientPage)
        case groups(GroupPage)
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
