import NIOCore

/// A poll without an answer. Apart from what parses answers, which needs no sockets to be fuzzed.
extension PollAnswer {
    init(_ failure: OutboundFailure, openFor: TimeAmount) {
        self =
            failure.kind == .broken && openFor > Self.idleCut ? .cutWhenIdle : .trouble(failure.explanation)
    }
}
