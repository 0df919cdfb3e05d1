import Access

/// Which passwords are checked, and which are not worth it or too many: a pure value, around `PasswordCache` and `PasswordBrake`.
///
/// Checks that are the same are one, with all that ask for it as its waiters: a scraper that comes with a thousand scrapes at once costs one.
/// `Waiter` is whatever wants to hear of the result.
struct PasswordDesk<Waiter> {
    enum Answer {
        case known(Caller)
        /// To be run, and `finished` with what came of it; the waiter has been noted.
        case run(PasswordCache.Key)
        /// Somebody else's is the same; the waiter has been noted.
        case joined
        /// Too many are under way, from this address or in all.
        case full
    }

    private struct UnderWay {
        var waiters: [Waiter]
        var addresses: Set<[UInt8]>
    }

    /// From one address, so that nobody fills all places.
    static var mostOfAddress: Int { 16 }

    private let most: Int
    private var cache = PasswordCache()
    private(set) var brake: PasswordBrake
    private var underWay: [PasswordCache.Key: UnderWay] = [:]
    /// How many each address has asked for first.
    private var places: [[UInt8]: Int] = [:]

    init(most: Int, brake: PasswordBrake = PasswordBrake()) {
        self.most = most
        self.brake = brake
    }

    var count: Int { underWay.count }

    /// - Parameters:
    ///   - address: The bytes of the peer's address; empty for peers without one, which count as one.
    ///   - now: Nanoseconds of a clock that does not go back.
    mutating func asked(_ check: PasswordCheck, from address: [UInt8], waiter: Waiter, now: UInt64) -> Answer {
        if let caller = cache.caller(for: check) { return .known(caller) }
        if brake.wait(for: address, now: now) > 0 { return .known(check.slowed()) }
        let key = cache.key(of: check)
        if underWay[key] != nil {
            underWay[key]?.waiters.append(waiter)
            underWay[key]?.addresses.insert(address)
            return .joined
        }
        guard underWay.count < most, places[address, default: 0] < Self.mostOfAddress else { return .full }
        places[address, default: 0] += 1
        underWay[key] = UnderWay(waiters: [waiter], addresses: [address])
        return .run(key)
    }

    /// - Parameters:
    ///   - caller: `nil` when it was not run after all.
    ///   - address: As it was asked for.
    /// - Returns: Who waits for it.
    mutating func finished(
        _ check: PasswordCheck, _ key: PasswordCache.Key, from address: [UInt8], as caller: Caller?, now: UInt64
    ) -> [Waiter] {
        guard let entry = underWay.removeValue(forKey: key) else { return [] }
        let left = places[address, default: 1] - 1
        places[address] = left > 0 ? left : nil
        if let caller {
            if caller.identity == nil {
                for address in entry.addresses { brake.failed(from: address, now: now) }
            } else {
                cache.remember(check, as: caller)
            }
        }
        return entry.waiters
    }
}
