import Store

/// The live clients in the format of Prometheus's `file_sd_configs` and of the proxy's own `/clients`.
enum DiscoveryDocument {
    /// - Parameters:
    ///   - fqdns: As the clients spell them; the order does not matter.
    ///   - ports: Every client gets one target per port, in this order; without any, targets are bare names as in `/clients`.
    static func text(fqdns: [String], ports: [Int]) -> String {
        let groups = sorted(fqdns).map { fqdn in
            // An IPv6 literal has brackets in a target, as in a URL.
            let host = fqdn.contains(":") ? "[\(fqdn)]" : fqdn
            let targets = ports.isEmpty ? [host] : ports.map { "\(host):\($0)" }
            return "  {\"targets\": [" + targets.map(JSONText.string).joined(separator: ", ") + "], \"labels\": {}}"
        }
        return groups.isEmpty ? "[]\n" : "[\n" + groups.joined(separator: ",\n") + "\n]\n"
    }

    /// In their natural order; names with one key in that of their bytes, so that there is only one order.
    private static func sorted(_ fqdns: [String]) -> [String] {
        fqdns.map { (key: NaturalKey.of($0.lowercased()), fqdn: $0) }.sorted { ($0.key, $0.fqdn) < ($1.key, $1.fqdn) }
            .map(\.fqdn)
    }

    /// The names that `/clients` lists, spelled as there.
    static func fqdns(_ reader: StoreReader) throws(RecordProblem) -> [String] {
        var query = ClientQuery()
        query.states = Set(ClientState.allCases.filter(\.isLive))
        query.limit = .max
        return try reader.clients(query).rows.map(\.name)
    }
}
