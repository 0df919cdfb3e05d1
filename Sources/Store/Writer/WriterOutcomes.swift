/// What opening the record for writing found and did.
public struct OpenOutcome: Sendable, Equatable {
    /// How the file came to be what it is now.
    public enum Origin: Sendable, Equatable {
        /// Nothing was there.
        case created
        /// A record of this version was there.
        case opened
        /// A record of an older version was there and has been migrated.
        case migrated(from: Int)
        /// What was there could not be used: it has been moved aside to `to`, and a fresh record started. Say so loudly.
        case movedAside(to: String, reason: StoreError)
    }

    public var origin: Origin
    /// How long the proxy was down, in milliseconds; 0 for a fresh record and when the clock went backwards.
    public var downtime: Int64
    /// Whether the last proxy stopped in good order; `true` for a fresh record.
    public var stoppedInOrder: Bool
    /// The clients that `/clients` listed when the last proxy went down, times shifted by the downtime.
    public var restored: [RestoredClient]
}

/// What a write did.
public enum WriteOutcome: Sendable, Equatable {
    case written
    /// Written, but to another file than before: say so loudly.
    case recreated(Recreation)
}

/// Why, and how, a file was made anew while the proxy was running.
public enum Recreation: Sendable, Equatable {
    /// The file had been deleted or moved away; everything it held has been written to a new file at the path.
    case rescued
    /// The file was damaged and has been moved aside to `movedTo` (`nil` when it had been deleted as well). The new one
    /// holds nothing but the batch that was being written: write a batch with everything that is known next.
    case startedAfresh(movedTo: String?, reason: StoreError)
}
