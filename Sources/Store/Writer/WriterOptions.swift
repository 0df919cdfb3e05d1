/// How the writer treats the database.
public struct WriterOptions: Sendable, Equatable {
    /// Milliseconds to wait for another program's lock before an operation fails with `.busy`.
    public var busyTimeout = 1000

    public init() {}
}
