import NIOCore
import Wire

/// The pairs of processes that were found to claim one FQDN at once, so that a pair is reported once.
///
/// Bounded: of one name so many pairs are news in an hour, whoever polls for it.
struct KnownClashes: Sendable {
    /// Two processes; upstream's client does not say which it is.
    private struct Pair: Sendable {
        let first: InstanceID?
        let second: InstanceID?
        let reported: NIODeadline

        func joins(_ one: InstanceID?, _ other: InstanceID?) -> Bool {
            (first == one && second == other) || (first == other && second == one)
        }
    }

    static let maxPairs = 8
    static let memory = TimeAmount.hours(1)

    /// Oldest first.
    private var pairs: [Pair] = []

    /// Whether this is news; it is none from now on.
    mutating func insert(_ one: InstanceID?, _ other: InstanceID?, at now: NIODeadline) -> Bool {
        guard !pairs.contains(where: { $0.joins(one, other) }) else { return false }
        if pairs.count >= Self.maxPairs {
            guard let oldest = pairs.first, oldest.reported + Self.memory <= now else { return false }
            pairs.removeFirst()
        }
        pairs.append(Pair(first: one, second: other, reported: now))
        return true
    }
}
