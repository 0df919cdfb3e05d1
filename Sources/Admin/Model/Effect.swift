/// What the model wants done, by the shell around it.
enum Effect: Equatable, Sendable {
    /// Read this from the record, and forget older requests that have not been begun.
    case read(ReadRequest)
    /// Paint every cell anew: something else may have written on the terminal.
    case repaint
    /// Give the terminal back and stop the process until it is continued.
    case suspend
    case quit
}
