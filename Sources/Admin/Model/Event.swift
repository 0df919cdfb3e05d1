/// Everything that can happen to the model.
enum Event: Sendable {
    case keyPressed(Key)
    case mouseMoved(MouseEvent)
    case resized(Size)
    /// Time went by.
    case ticked(Moment)
    /// The answer to a request.
    case recordRead(ReadResult)
    /// Ctrl-Z, or another program's SIGTSTP.
    case stopRequested
    /// The process runs on after it was stopped.
    case continued
    /// The terminal hung up, or a signal asked to end.
    case endRequested
}
