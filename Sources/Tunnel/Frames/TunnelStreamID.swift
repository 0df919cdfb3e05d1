/// A stream of a tunnel: a scrape, or a connection. The proxy numbers them from 1 upward, and never uses a number twice.
public struct TunnelStreamID: Hashable, Comparable, Sendable {
    /// 1 or more.
    public let number: UInt32

    public init(_ number: UInt32) { self.number = number }

    public static func < (one: Self, other: Self) -> Bool { one.number < other.number }
}
