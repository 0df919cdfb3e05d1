import Clients
import Store

/// The live clients as a file of Prometheus's `file_sd_configs`: the entries of the proxy's `/clients`, one on a line.
struct DiscoveryDocument {
    /// What is asked for; what `/clients` takes as its query.
    struct Request: Sendable {
        /// Whether entries have labels to relabel by; `nil` where they do when somebody declares something.
        var meta: Bool?
        var labels: [Label] = []
        var ports: [UInt16] = []
        /// `nil` for all that are listed.
        var state: ListedState?
    }

    let text: String
    /// Clients with an entry.
    let clients: Int

    /// - Parameters:
    ///   - clients: In the order in which they are to stand.
    ///   - policy: What of their labels is let through.
    init(_ clients: [DiscoverableClient], _ policy: DiscoveryLabels, _ request: Request) {
        let hasMeta = request.meta ?? clients.contains { !$0.declaration.isNone }
        var writer = DiscoveryWriter(
            DiscoveryWriter.Options(
                labels: policy, hasMeta: hasMeta, ports: Array(Set(request.ports)).sorted(), having: request.labels,
                hasLines: true))
        var count = 0
        for client in clients where request.state.map({ $0 == client.state }) ?? true {
            let written = writer.write(
                client.name, client.declaration, state: client.state,
                agent: client.agent ?? "")
            if written > 0 { count += 1 }
        }
        // Each entry has a comma before it.
        let entries = writer.take().dropFirst()
        text = entries.isEmpty ? "[]\n" : "[" + String(decoding: entries, as: UTF8.self) + "\n]\n"
        self.clients = count
    }

    /// Of what the record has now.
    init(_ reader: StoreReader, _ request: Request) throws(RecordProblem) {
        let (clients, policy) = try reader.snapshot { reader throws(RecordProblem) in
            (try reader.discoverable(), try reader.proxy().discoveryLabels)
        }
        self.init(clients, policy, request)
    }
}
