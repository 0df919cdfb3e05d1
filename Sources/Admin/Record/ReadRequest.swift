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
