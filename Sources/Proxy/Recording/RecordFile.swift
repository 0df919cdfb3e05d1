import Flags
import NIOCore
import NIOPosix
import Store
import Synchronization

/// The record in a file: its writer, on a thread of its own: SQLite blocks.
final class RecordFile: RecordStore {
    /// `@unchecked Sendable`: the writer is only ever touched by work that is submitted to `thread`, which runs one piece at a time.
    private final class Confined: @unchecked Sendable {
        let writer: StoreWriter

        init(_ writer: StoreWriter) { self.writer = writer }
    }

    private let confined: Confined
    private let thread = NIOThreadPool(numberOfThreads: 1)
    /// What opening found.
    let outcome: OpenOutcome

    /// Opens the record; blocks, so call it before serving.
    init(path: String, identity: ProxyIdentity, now: UnixMilliseconds) throws(StoreError) {
        let writer = try StoreWriter(path: path, identity: identity, now: now)
        outcome = writer.outcome
        confined = Confined(writer)
        thread.start()
    }

    /// Notes where the proxy listens; before the first write.
    func listens(at addresses: [ListenAddress], now: UnixMilliseconds) async throws {
        let text = Self.text(of: addresses)
        try await thread.runIfActive { [confined] in try confined.writer.listens(at: text, now: now) }
    }

    /// As the record has them.
    static func text(of addresses: [ListenAddress]) -> String { addresses.map(\.description).joined(separator: " ") }

    func write(_ batch: RecordBatch) async throws -> WriteOutcome {
        try await thread.runIfActive { [confined] in try confined.writer.write(batch) }
    }

    func prune(at now: UnixMilliseconds, retention: TimeAmount) async throws -> Int {
        try await thread.runIfActive { [confined] in
            try confined.writer.prune(now: now, retention: retention.nanoseconds / 1_000_000)
        }
    }

    func close(at now: UnixMilliseconds) async throws {
        try await thread.runIfActive { [confined] in try confined.writer.close(now: now) }
        try await thread.shutdownGracefully()
    }
}
