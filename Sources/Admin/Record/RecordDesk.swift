import Store

/// Answers requests from the record at a path. One thread at a time; see `ReaderThread`.
///
/// Every answer is a short read transaction of its own, so that the proxy's checkpoints are never held up.
struct RecordDesk {
    private let watch: RecordWatch
    /// What was last answered in full, and by the answer of which number.
    private var answered: (subject: ReadRequest.Subject, number: Int)?

    init(path: String) { watch = RecordWatch(path: path) }

    mutating func answer(_ request: ReadRequest) -> ReadResult {
        ReadResult(number: request.number, outcome: outcome(of: request))
    }

    private mutating func outcome(of request: ReadRequest) -> ReadResult.Outcome {
        let subject = request.subject
        do throws(RecordProblem) {
            switch watch.look() {
            case .unavailable(let problem):
                answered = nil
                return .unavailable(problem)
            case .unchanged(let reader)
            where answered.map { $0.subject == subject && $0.number <= request.held } ?? false:
                return .unchanged(try reader.proxy())
            case .unchanged(let reader), .changed(let reader):
                let read = try reader.snapshot { (reader) throws(RecordProblem) in
                    try Self.read(subject, from: reader)
                }
                answered = (subject, request.number)
                return .read(read.0, read.1)
            }
        } catch {
            answered = nil
            return .unavailable(error)
        }
    }

    private static func read(
        _ subject: ReadRequest.Subject, from reader: StoreReader
    ) throws(RecordProblem) -> (Overview, ReadResult.Answer) {
        let proxy = try reader.proxy()
        let seconds = try reader.seconds(since: proxy.heartbeat / 1000 - Overview.span)
        switch subject {
        case .clients(let query):
            let page = try clients(query, from: reader)
            return (Overview(proxy: proxy, counts: page.counts, seconds: seconds), .clients(page))
        case .groups(let query):
            let page = try groups(query, from: reader)
            return (Overview(proxy: proxy, counts: page.counts, seconds: seconds), .groups(page))
        case .client(let fqdn, let query):
            let overview = Overview(proxy: proxy, counts: try counts(reader), seconds: seconds)
            return (overview, .client(try reader.client(fqdn: fqdn), try reader.failures(query)))
        case .failures(let query):
            let overview = Overview(proxy: proxy, counts: try counts(reader), seconds: seconds)
            let (page, offset) = try failures(query, from: reader)
            return (overview, .failures(page, offset: offset))
        }
    }

    /// A window of the clients; moved to where the selected client is now, when it has left the window asked for.
    private static func clients(
        _ query: ClientQuery, from reader: StoreReader
    ) throws(RecordProblem) -> ClientPage {
        let page = try reader.clients(query)
        guard let position = page.selectedPosition,
            !(page.offset..<page.offset + page.rows.count).contains(position)
        else { return page }
        var moved = query
        moved.offset = max(0, position - query.limit / 2)
        return try reader.clients(moved)
    }

    /// As `clients`.
    private static func groups(_ query: GroupQuery, from reader: StoreReader) throws(RecordProblem) -> GroupPage {
        let page = try reader.groups(query)
        guard let position = page.selectedPosition,
            !(page.offset..<page.offset + page.rows.count).contains(position)
        else { return page }
        var moved = query
        moved.offset = max(0, position - query.limit / 2)
        return try reader.groups(moved)
    }

    /// As `clients`, with the position of the window's first failure.
    private static func failures(
        _ query: FailureQuery, from reader: StoreReader
    ) throws(RecordProblem) -> (FailurePage, offset: Int) {
        let page = try reader.failures(query)
        var moved = query
        if let position = page.selectedPosition,
            !(query.offset..<query.offset + page.rows.count).contains(position)
        {
            moved.offset = max(0, position - query.limit / 2)
        } else if page.rows.isEmpty, page.matching > 0 {
            // There are fewer than there were.
            moved.offset = max(0, page.matching - query.limit)
        } else {
            return (page, query.offset)
        }
        return (try reader.failures(moved), moved.offset)
    }

    private static func counts(_ reader: StoreReader) throws(RecordProblem) -> StateCounts {
        var query = ClientQuery()
        query.limit = 0
        return try reader.clients(query).counts
    }
}
