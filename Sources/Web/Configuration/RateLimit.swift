import Flags
import NIOCore
import Settings

/// `rate_limit` of the web configuration: a bucket that holds `burst` requests and gets one more every `interval`.
public struct RateLimit: Sendable, Equatable {
    public let interval: GoDuration
    public let burst: Int

    public init(interval: GoDuration, burst: Int) {
        self.interval = interval
        self.burst = burst
    }

    /// `nil` for an interval of 0, which is no limit.
    init?(_ value: SettingsValue, _ notes: inout [SettingsProblem]) throws(SettingsProblem) {
        let map = try value.map(["interval", "burst"])
        let interval = try map["interval"]?.parsed(as: "a duration such as 100ms or 1s, or 0 for no limit") { text in
            // A bare number is one of nanoseconds, as YAML in Go has it.
            GoDuration(text) ?? Int64(text).flatMap { $0 >= 0 ? GoDuration(nanoseconds: $0) : nil }
        }
        let burst = try map["burst"]?.int(in: 0...1_000_000_000) ?? 0
        guard let interval, interval.nanoseconds > 0 else { return nil }
        if burst == 0 { notes.append(value.problem("with a burst of 0 no request is ever served")) }
        self.init(interval: interval, burst: burst)
    }

    /// How full the bucket is, as the time at which it will be full again; a pure value.
    public struct Bucket: Sendable {
        private let limit: RateLimit
        private var full = NIODeadline.distantPast

        public init(_ limit: RateLimit) { self.limit = limit }

        /// - Returns: Whether there was a request left to take.
        public mutating func take(at now: NIODeadline) -> Bool {
            guard limit.burst > 0 else { return false }
            let (depth, isOver) = limit.interval.nanoseconds.multipliedReportingOverflow(by: Int64(limit.burst))
            let next = max(full, now) + .nanoseconds(limit.interval.nanoseconds)
            if !isOver, next - now > .nanoseconds(depth) { return false }
            full = next
            return true
        }
    }
}
