import Wire

/// Passwords that were right, so that the next request with one costs no bcrypt. A value: who owns it guards it.
///
/// It holds no password: a success is remembered as the HMAC, under a key of this process's own, of user, hash and password. A hash that
/// changes in the file is another success; nothing needs to be forgotten at a reload. Failures are not remembered: each costs its time.
public struct PasswordCache: Sendable {
    /// What makes two checks one: user, hash and password, as a digest that tells nothing of them.
    public struct Key: Sendable, Hashable {
        let digest: Digest
    }

    /// How many successes are kept; the oldest go first. Only who has a password adds to them.
    public static let mostEntries = 4_096

    private let key: [UInt8]
    private let most: Int
    private var known: Set<Key> = []
    /// In the order of their coming, as a ring.
    private var order: [Key] = []
    private var oldest = 0

    /// - Parameters:
    ///   - key: 32 random bytes; by default from the system.
    ///   - most: Above zero.
    public init(key: [UInt8]? = nil, most: Int = mostEntries) {
        self.key = key ?? SystemRandom.bytes(32)
        self.most = max(1, most)
    }

    public var count: Int { known.count }

    /// Checks with the same key come to the same; some 3 µs.
    public func key(of check: PasswordCheck) -> Key { Key(digest: digest(of: check)) }

    /// Who that is, when the same password was right before; some 3 µs.
    public func caller(for check: PasswordCheck) -> Caller? {
        guard check.identity != nil, known.contains(key(of: check)) else { return nil }
        return check.accepted
    }

    /// Remembers what a check came to, if it was a success; who came from anything else than this check is not remembered.
    public mutating func remember(_ check: PasswordCheck, as caller: Caller) {
        let key = key(of: check)
        guard caller.identity != nil, caller.proof == .password(user: check.user, check.hash),
            known.insert(key).inserted
        else { return }
        if order.count < most {
            order.append(key)
        } else {
            known.remove(order[oldest])
            order[oldest] = key
            oldest = (oldest + 1) % most
        }
    }

    private func digest(of check: PasswordCheck) -> Digest {
        var bytes: [UInt8] = []
        // Each with its length before it: no two checks are the same bytes.
        for part in [check.user.utf8, check.hash.bytes, check.password.exposed.utf8] {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { bytes += $0 }
            bytes += part
        }
        return Digest(SHA256.authenticationCode(of: bytes, key: key))
    }
}
