extension StoreReader {
    /// How clients are, by what they say of themselves: one scan over all of them, and one over who has the label.
    public func groups(_ query: GroupQuery) throws(RecordProblem) -> GroupPage {
        try snapshot { (_) throws(RecordProblem) in
            try run { () throws(StoreError) in
                var page = GroupPage()
                page.label = query.label
                if query.label == nil {
                    page.names = try LabelIndex.names(most: GroupPage.maxNames, connection)
                    page.label = page.names.first
                }
                guard let label = page.label else { return try nothingToGroup(query) }
                var (groups, places) = try groups(by: label)
                groups.append(ClientGroup(value: nil))
                var scan = ClientScan(query.clients, connection: connection, heartbeat: try heartbeat())
                try scan.run(column: "queued") { client in
                    guard client.state != .unknown else { return }
                    groups[places[client.id] ?? groups.count - 1].add(client)
                }
                page.counts = scan.counts
                groups.removeAll { $0.counts.all == 0 }
                page.matching = groups.count
                page.offset = max(0, min(query.offset, groups.count - max(0, query.limit)))
                page.rows = Array(groups[page.offset...].prefix(max(0, query.limit)))
                if let selected = query.selected { page.selectedPosition = groups.firstIndex { $0.value == selected } }
                return page
            }
        }
    }

    private func nothingToGroup(_ query: GroupQuery) throws(StoreError) -> GroupPage {
        var page = GroupPage()
        var scan = ClientScan(query.clients, connection: connection, heartbeat: try heartbeat())
        try scan.run(column: "0") { _ in }
        page.counts = scan.counts
        return page
    }

    /// The groups, in order, and which of them clients are in.
    private func groups(by name: String) throws(StoreError) -> ([ClientGroup], [Int64: Int]) {
        let values = try LabelIndex.values(of: name, connection)
            .map { (key: NaturalKey.of($0.value), value: $0.value, clients: $0.clients) }
            .sorted { ($0.key, $0.value) < ($1.key, $1.value) }
        var places: [Int64: Int] = [:]
        places.reserveCapacity(values.reduce(0) { $0 + $1.clients.count })
        for (place, value) in values.enumerated() {
            for client in value.clients { places[client] = place }
        }
        return (values.map { ClientGroup(value: $0.value) }, places)
    }
}

extension ClientGroup {
    fileprivate mutating func add(_ client: ClientScan.Client) {
        counts[client.state] += 1
        if client.isFailing { counts.failing += 1 }
        inFlight += client.inFlight
        queued += Int(min(max(client.value ?? 0, 0), Double(Int32.max)))
    }
}
