/// Connections of one event loop that are between requests, the longest idle one first.
///
/// A list through the connections themselves: nearly every request begins on an idle connection and ends on one, so coming and
/// going costs a few references and nothing that is allocated or looked up.
struct IdleConnections {
    private(set) var first: ServerConnection?
    private var last: ServerConnection?

    /// - Parameter connection: In no list.
    mutating func append(_ connection: ServerConnection) {
        connection.idlePrevious = last
        if let last { last.idleNext = connection } else { first = connection }
        last = connection
    }

    /// - Parameter connection: In this list.
    mutating func remove(_ connection: ServerConnection) {
        let previous = connection.idlePrevious
        let next = connection.idleNext
        if let previous { previous.idleNext = next } else { first = next }
        if let next { next.idlePrevious = previous } else { last = previous }
        connection.idlePrevious = nil
        connection.idleNext = nil
    }
}
