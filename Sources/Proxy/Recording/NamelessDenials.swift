import NIOCore

/// Which denials that name nobody are put on record: of those with the same text one in a minute, and in all so many in a minute.
///
/// Who knocks without a credential can do so as often as they like, from as many addresses as they have. In the record they share the place of
/// one name; this keeps a crowd from driving out within seconds what was there before.
struct NamelessDenials {
    static let window = TimeAmount.minutes(1)
    static let mostInWindow = 20

    private var began = NIODeadline.distantPast
    private var texts: Set<String> = []

    /// - Parameter text: Why, and from where.
    mutating func admits(_ text: String, at now: NIODeadline) -> Bool {
        if now - began >= Self.window {
            began = now
            texts.removeAll()
        }
        return texts.count < Self.mostInWindow && texts.insert(text).inserted
    }
}
