import Clients

extension Declaration {
    /// Stands in the record where what is written is in doubt: no declaration has it.
    static let noDigest: Int64 = 0

    /// A number that tells, from one version of this program to the next, whether a declaration is still the same; `nil` for one that says nothing.
    ///
    /// FNV-1a with 64 bits, which is quick: each flush asks it of every client that something happened to. Somebody who takes the trouble
    /// to find two declarations with one number leaves the older of them in the record, of himself.
    var digest: Int64? {
        guard !isNone else { return nil }
        var hash = FNV()
        for label in labels { hash.add(label, 1) }
        for target in targets {
            hash.add(2)
            hash.add(UInt8(target.port >> 8))
            hash.add(UInt8(target.port & 0xFF))
            hash.add(target.path.description)
            for label in target.labels { hash.add(label, 3) }
        }
        let digest = Int64(bitPattern: hash.value)
        return digest == Self.noDigest ? 1 : digest
    }
}

/// http://www.isthe.com/chongo/tech/comp/fnv/
private struct FNV {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    /// Texts of declarations have no control characters, which mark where they begin.
    mutating func add(_ text: String) { for byte in text.utf8 { add(byte) } }

    mutating func add(_ label: Label, _ mark: UInt8) {
        add(mark)
        add(label.name)
        add(4)
        add(label.value)
    }
}
