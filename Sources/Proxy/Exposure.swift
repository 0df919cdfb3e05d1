import Addresses
import Flags

/// What an address lets anyone do who reaches it, for the log at start.
struct Exposure {
    /// `nil` for an address that only this machine reaches, and for one with TLS and rules.
    let consequence: String?

    /// - Parameters:
    ///   - isForClientsAlone: Nothing can be scraped through it.
    ///   - hasRules: Whether it takes a credential to do anything.
    init(of address: ListenAddress, isForClientsAlone: Bool, hasTLS: Bool, hasRules: Bool) {
        guard !Self.isOfThisMachineAlone(address) else {
            consequence = nil
            return
        }
        var parts: [String] = []
        if !hasRules {
            if !isForClientsAlone { parts.append("scrape every client") }
            parts.append("take any client's name, with the credentials that scrapes bring")
        }
        if !hasTLS { parts.append("read along on the way") }
        consequence = parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private static func isOfThisMachineAlone(_ address: ListenAddress) -> Bool {
        if address.path != nil || address.host.lowercased() == "localhost" { return true }
        guard let bytes = IPAddress.bytes(address.host) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
}
