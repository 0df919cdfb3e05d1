import Store

/// The live clients in the format of Prometheus's `file_sd_configs` and of the proxy's own `/clients`.
enum DiscoveryDocument {
    /// - Parameters:
    ///   - fqdns: Lower-case names; the order does not matter.
    ///   - ports: Every client gets one target per port, in this order; without any, targets are bare names as in `/clients`.
    static func text(fqdns: [String], ports: [Int]) -> String {
        let groups = fqdns.sorted().map { fqdn in
            // An IPv6 literal has brackets in a target, as in a URL.
            let host = fqdn.contains(":") ? "[\(fqdn)]" : fqdn
            let targets = ports.isEmpty ? [host] : ports.map { "\(host):\($0)" }
            return "  {\"targets\": [" + targets.map(JSONText.string).joined(separator: ", ") + "], \"labels\": {}}"
        }
        return groups.isEmpty ? "[]\n" : "[\n" + groups.joined(separator: ",\n") + "\n]\n"
    }

    /// The names that `/clients` lists.
    static func fqdns(_ reader: StoreReader) throws(RecordProblem) -> [String] {
        var query = ClientQuery()
        query.states = Set(ClientState.allCases.filter(\.isLive))
        query.limit = .max
        return try reader.clients(query).rows.map(\.fqdn)
    }
}
