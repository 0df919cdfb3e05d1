/// Slows down who tries passwords: after some failures from an address, its next attempts are refused unchecked for a while, which doubles with
/// each failure. By address and not by user, so that nobody locks out somebody else by failing under their name. A value: time is told, and who
/// owns it guards it.
///
/// Those who share an address share its failures; a password that `PasswordCache` knows needs no check and is never held up.
public struct PasswordBrake: Sendable {
    /// An address, or for IPv6 its /64, of which one machine may have every address.
    private struct Origin: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ address: some Collection<UInt8>) {
            let bytes = Array(address)
            let isMapped =
                bytes.count == 16 && bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10...11] == [0xFF, 0xFF]
            let significant = bytes.count == 16 ? (isMapped ? bytes.suffix(4) : bytes.prefix(8)) : bytes.prefix(16)
            high = significant.prefix(8).reduce(UInt64(significant.count)) { $0 << 8 | UInt64($1) }
            low = significant.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private struct Record {
        var failures: Int
        var last: UInt64
    }

    /// So many failures cost nothing: people mistype.
    public static let freeFailures = 5
    /// Nanoseconds after the first failure that is not free; then twice as long with each.
    public static let firstWait: UInt64 = 1_000_000_000
    /// Nanoseconds at most.
    public static let longestWait: UInt64 = 60_000_000_000
    /// Nanoseconds without a failure after which an address is as good as new.
    public static let memory: UInt64 = 600_000_000_000
    /// How many addresses are remembered. Beyond, those go that failed the longest ago.
    public static let mostOrigins = 10_000

    private let most: Int
    private var records: [Origin: Record] = [:]
    /// How many addresses were forgotten before their time, because there were too many.
    public private(set) var forgotten = 0

    public init(most: Int = mostOrigins) { self.most = max(1, most) }

    /// How many addresses are remembered.
    public var count: Int { records.count }

    /// How long attempts from an address are still refused, in nanoseconds; 0 when the next may be checked.
    ///
    /// - Parameters:
    ///   - address: Its bytes, 4 or 16.
    ///   - now: Nanoseconds of a clock that does not go back.
    public func wait(for address: some Collection<UInt8>, now: UInt64) -> UInt64 {
        guard let record = records[Origin(address)] else { return 0 }
        let passed = now > record.last ? now - record.last : 0
        let wait = passed > Self.memory ? 0 : Self.wait(after: record.failures)
        return wait > passed ? wait - passed : 0
    }

    /// A password was wrong.
    public mutating func failed(from address: some Collection<UInt8>, now: UInt64) {
        let origin = Origin(address)
        var record = records[origin] ?? Record(failures: 0, last: now)
        if now > record.last, now - record.last > Self.memory { record.failures = 0 }
        record.failures = min(record.failures + 1, 1_000)
        record.last = max(now, record.last)
        if records[origin] == nil, records.count >= most { makeRoom(now: now) }
        records[origin] = record
    }

    private static func wait(after failures: Int) -> UInt64 {
        guard failures > freeFailures else { return 0 }
        return min(longestWait, firstWait << UInt64(min(failures - freeFailures - 1, 20)))
    }

    /// Drops what has been forgiven and, where that is little, the older quarter: seldom, so that it costs little for each failure.
    private mutating func makeRoom(now: UInt64) {
        records = records.filter { now < $0.value.last || now - $0.value.last <= Self.memory }
        let excess = records.count - most * 3 / 4
        guard excess > 0 else { return }
        for (origin, _) in records.sorted(by: { $0.value.last < $1.value.last }).prefix(max(1, excess)) {
            records[origin] = nil
            forgotten += 1
        }
    }
}
