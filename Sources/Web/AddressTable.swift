import Addresses

/// How many connections each address has: a pure value, as large as there are connections.
///
/// Of an IPv6 address the first 64 bits count, of which one machine may have all that follow.
struct AddressTable {
    typealias Key = [UInt8]

    private let most: Int
    private var counts: [Key: Int] = [:]

    init(most: Int) { self.most = most }

    /// How many addresses have a connection.
    var count: Int { counts.count }

    /// `nil` for what is no address, such as the peer of a Unix domain socket: it has no limit.
    static func key(_ address: String?) -> Key? {
        guard let bytes = address.flatMap({ IPAddress.bytes($0) }) else { return nil }
        return bytes.count == 16 ? Array(bytes.prefix(8)) : bytes
    }

    /// Counts a connection in; one that is refused too, until it has closed.
    ///
    /// - Returns: Whether it may be served.
    mutating func opened(_ key: Key) -> Bool {
        counts[key, default: 0] += 1
        return counts[key, default: 0] <= most
    }

    mutating func closed(_ key: Key) {
        let left = counts[key, default: 1] - 1
        counts[key] = left > 0 ? left : nil
    }
}
