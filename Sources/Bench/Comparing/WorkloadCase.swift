import Flags

/// One piece of work that every contestant is given, on a process of its own.
struct WorkloadCase: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Scrapes under load.
        case load(clients: Int, bytes: Int, Load, sharedPushConnections: Int?)
        /// Nothing but polls, or tunnels; memory is read at each of these numbers of clients.
        case idle(clients: [Int])
        /// So many scrapes of one client at once, whose link delays everything each way.
        case burst(scrapes: Int, delay: GoDuration)
        /// `GET /clients` with as many clients.
        case listing(clients: Int)
        /// Real client processes, as many, that scrape bodies of that size.
        case client(processes: Int, bytes: Int)
    }

    /// Unique among all cases; part of file names.
    let name: String
    /// What stands above its table.
    let title: String
    let kind: Kind
}
