/// A number of bytes as people write it: `512`, `5k`, `5kB`, `1M`, `1MB`, `64KiB`, `1MiB`. `k` and `M` are decimal.
struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    /// 0 … 1 GB: what a simulated client is willing to hold once in memory.
    let bytes: Int

    static let largest = 1_000_000_000
    private static let units: [(name: String, factor: Int)] = [
        ("kib", 1_024), ("mib", 1_048_576), ("kb", 1_000), ("mb", 1_000_000), ("k", 1_000), ("m", 1_000_000), ("b", 1),
        ("", 1),
    ]

    init(bytes: Int) { self.bytes = bytes }

    init?(_ text: String) {
        let lower = text.lowercased()
        guard let unit = Self.units.first(where: { lower.hasSuffix($0.name) }),
            let count = Double(lower.dropLast(unit.name.count)), count >= 0,
            count * Double(unit.factor) <= Double(Self.largest)
        else { return nil }
        bytes = Int((count * Double(unit.factor)).rounded())
    }

    var description: String {
        switch bytes {
        case let size where size >= 1_000_000 && size % 1_000_000 == 0: "\(size / 1_000_000)MB"
        case let size where size >= 1_000 && size % 1_000 == 0: "\(size / 1_000)kB"
        default: "\(bytes)B"
        }
    }
}
