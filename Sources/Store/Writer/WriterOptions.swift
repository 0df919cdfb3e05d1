/// How the writer treats the database. The defaults are for a proxy with tens of thousands of clients.
public struct WriterOptions: Sendable, Equatable {
    /// Milliseconds to wait for another program's lock before an operation fails with `.busy`.
    public var busyTimeout = 1000
    /// Pages (4 KiB) that the write-ahead log collects before they are written back into the database.
    public var checkpointPages = 4000
    /// Bytes that the write-ahead log's file is cut back to after that.
    public var walBytesKept: Int64 = 32 << 20
    /// KiB of pages kept in memory at most; used only as the database grows.
    public var cacheKiB = 16 << 10
    /// Clients kept at most.
    public var maxClients = 200_000
    /// Seconds that opening may look for damage.
    public var checkSeconds = 0.25

    public init() {}
}
