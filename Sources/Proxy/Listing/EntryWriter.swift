import Clients
import NIOCore

/// Writes the clients of a page as one way of asking shows them.
struct EntryWriter {
    private let state: ListedState?
    private var writer: DiscoveryWriter

    init(_ query: ListingQuery, labels: DiscoveryLabels, hasMeta: Bool) {
        state = query.state
        writer = DiscoveryWriter(
            DiscoveryWriter.Options(labels: labels, hasMeta: hasMeta, ports: query.ports, having: query.labels))
    }

    /// Each entry with a comma before it.
    mutating func fragment(of clients: some Sequence<ListedClient>) -> ByteBuffer {
        for client in clients {
            let itsState = ListedState(isConnected: client.isConnected)
            guard state == nil || state == itsState else { continue }
            writer.write(
                client.fqdn.spelling, client.declaration, state: itsState, agent: client.agent ?? "")
        }
        let bytes = writer.take()
        return bytes.isEmpty ? ByteBuffer() : ByteBuffer(bytes: bytes)
    }
}
