/// What opening the record for reading found.
public enum ReaderState {
    case ready(StoreReader)
    case unavailable(RecordProblem)
}

/// What a look at the record found; see `RecordWatch.look`.
public enum RecordLook {
    /// Nothing has been written since the last look: what was read then still holds.
    case unchanged(StoreReader)
    /// Something has been written, or the file is another one than before: read anew.
    case changed(StoreReader)
    /// The record cannot be read just now; the next look tries again.
    case unavailable(RecordProblem)
}
