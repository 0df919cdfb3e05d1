/// Parsers for the values of flags, for `@Option(…, transform:)`: what they throw says what is expected, and the argument parser
/// puts the flag's name and the value before it.
public enum FlagValue {
    /// What a flag's value should have been.
    public struct Expected: Error, CustomStringConvertible {
        public let description: String

        /// - Parameter description: Begins with "expected".
        public init(_ description: String) { self.description = description }
    }

    /// A duration of zero or more.
    @Sendable public static func duration(_ text: String) throws -> GoDuration {
        guard let duration = GoDuration(text) else {
            throw Expected("expected a duration such as 250ms, 30s, 5m or 1d")
        }
        return duration
    }

    /// A duration above zero.
    @Sendable public static func positiveDuration(_ text: String) throws -> GoDuration {
        let duration = try duration(text)
        guard duration.nanoseconds > 0 else {
            throw Expected("expected a duration above zero, such as 30s or 5m")
        }
        return duration
    }

    @Sendable public static func listenAddress(_ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw Expected(
                "expected HOST:PORT or :PORT, the port from 0 to 65535, or unix:/PATH of up to \(ListenAddress.maxPathBytes) bytes"
            )
        }
        return address
    }

    /// A whole number within `range`.
    public static func count(in range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let count = Int(text), range.contains(count) else {
                throw Expected("expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return count
        }
    }
}
