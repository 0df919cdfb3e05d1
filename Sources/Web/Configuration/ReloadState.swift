/// When a configuration that files are read for is read again, and what becomes of it: a pure value.
///
/// A configuration is *settled* until a look finds a change, or somebody asks. What is read then and can't be used may be half
/// written, such as a new certificate whose key is still the old one: it is *doubtful*, read again at the next look, and refused only
/// if it still can't be used. What was asked for is refused at once.
struct ReloadState {
    enum Outcome: Equatable {
        case adopted
        /// Nothing is said yet.
        case doubtful
        /// What was there before stays.
        case refused
    }

    private var isDoubtful = false

    /// - Parameters:
    ///   - hasChanged: Whether one of the files has, since they were read last, usable or not.
    ///   - isAsked: Whether somebody asks for it, by SIGHUP.
    /// - Returns: Whether to read now.
    func looked(hasChanged: Bool, isAsked: Bool) -> Bool { hasChanged || isAsked || isDoubtful }

    mutating func succeeded() -> Outcome {
        isDoubtful = false
        return .adopted
    }

    mutating func failed(isAsked: Bool) -> Outcome {
        isDoubtful = !isDoubtful && !isAsked
        return isDoubtful ? .doubtful : .refused
    }
}
