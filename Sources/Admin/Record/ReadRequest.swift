import Store

/// What the screen wants to know next.
struct ReadRequest: Equatable, Sendable {
    enum Subject: Equatable, Sendable {
        case clients(ClientQuery)
        case groups(GroupQuery)
        /// A client by its name, and a window of its failures.
        case client(fqdn: String, FailureQuery)
        case failures(FailureQuery)
    }

    /// Grows with every request; an answer names it.
    var number: Int
    var subject: Subject
    /// The number of the newest request whose contents the screen has. An answer that came when a newer request was under way has been
    /// dropped: what it brought must not count as known.
    var held = 0
}
