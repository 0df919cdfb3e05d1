import ArgumentParser

/// How large the bodies of simulated responses are: one size (`5k`), or sizes with weights (`2k:70,20k:25,1M:5`).
struct BodySizes: Sendable, Hashable, CustomStringConvertible {
    struct Share: Sendable, Hashable {
        let size: ByteSize
        let weight: Double
    }

    /// At least one; every weight is positive.
    let shares: [Share]
    private let total: Double

    init(fixed bytes: Int) {
        shares = [Share(size: ByteSize(bytes: bytes), weight: 1)]
        total = 1
    }

    init?(_ text: String) {
        var shares: [Share] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", maxSplits: 1)
            guard let first = pair.first, let size = ByteSize(String(first)) else { return nil }
            let weight = pair.count == 2 ? Double(pair[1]) : 1
            guard let weight, weight > 0, weight.isFinite else { return nil }
            shares.append(Share(size: size, weight: weight))
        }
        guard !shares.isEmpty else { return nil }
        self.shares = shares
        total = shares.reduce(0) { $0 + $1.weight }
    }

    var largest: Int { shares.reduce(0) { max($0, $1.size.bytes) } }

    /// The size of the next body, in bytes.
    func pick(_ random: inout SeededRandom) -> Int {
        guard shares.count > 1 else { return shares[0].size.bytes }
        var point = Double.random(in: 0..<total, using: &random)
        for share in shares {
            point -= share.weight
            if point < 0 { return share.size.bytes }
        }
        return shares[shares.count - 1].size.bytes
    }

    var description: String {
        guard shares.count > 1 else { return shares[0].size.description }
        return shares.map { "\($0.size):\($0.weight)" }.joined(separator: ",")
    }
}

extension BodySizes: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
    var defaultValueDescription: String { description }
}
