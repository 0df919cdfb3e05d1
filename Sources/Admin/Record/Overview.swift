import Store

/// What is true whatever view is open.
struct Overview: Equatable, Sendable {
    var proxy: ProxyRecord
    var counts: StateCounts
    /// The last minutes, oldest first.
    var seconds: [SecondSample]

    /// How many seconds are read: the widest sparkline that is drawn.
    static let span: Int64 = 900
}
