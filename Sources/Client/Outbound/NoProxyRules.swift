import Addresses

/// The hosts that `NO_PROXY` exempts: names (and what is below them), `.suffixes`, addresses, CIDR ranges, each with a port
/// where one is given, or `*`. `localhost` and loopback addresses are always exempt.
struct NoProxyRules: Sendable {
    private enum Rule {
        case everything
        /// - Parameter suffix: begins with a dot.
        case name(suffix: String, exactToo: Bool, port: Int?)
        case address([UInt8], port: Int?)
        case range([UInt8], bits: Int)
    }

    private let rules: [Rule]

    init(_ text: String) {
        rules = text.split(separator: ",").compactMap { Self.rule(Self.trimmed($0)) }
    }

    /// - Parameter host: without brackets.
    func cover(host: String, port: Int) -> Bool {
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if name == "localhost" { return true }
        let address = IPAddress.bytes(name)
        if let address, Self.isLoopback(address) { return true }
        return rules.contains { rule in
            switch rule {
            case .everything: true
            case .name(let suffix, let exactToo, let rulePort):
                (rulePort ?? port) == port && (name.hasSuffix(suffix) || exactToo && name == suffix.dropFirst())
            case .address(let bytes, let rulePort): address == bytes && (rulePort ?? port) == port
            case .range(let bytes, let bits): address.map { Self.share($0, bytes, bits: bits) } ?? false
            }
        }
    }

    private static func rule(_ text: String) -> Rule? {
        if text.isEmpty { return nil }
        if text == "*" { return .everything }
        if let slash = text.firstIndex(of: "/") {
            let digits = text[text.index(after: slash)...]
            guard let bytes = IPAddress.bytes(String(text[..<slash])),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let bits = Int(digits), bits <= bytes.count * 8
            else { return nil }
            return .range(bytes, bits: bits)
        }
        if let bytes = IPAddress.bytes(text) { return .address(bytes, port: nil) }
        guard let authority = Authority(text[...]) else { return nil }
        var host = authority.host
        let port = authority.port
        if let bytes = IPAddress.bytes(host) { return .address(bytes, port: port) }
        if host.hasPrefix("*.") { host.removeFirst() }
        guard !host.isEmpty else { return nil }
        return host.hasPrefix(".")
            ? .name(suffix: host, exactToo: false, port: port) : .name(suffix: "." + host, exactToo: true, port: port)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.lowercased()
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    private static func share(_ left: [UInt8], _ right: [UInt8], bits: Int) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count {
            let significant = min(8, max(0, bits - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> significant)
            if left[index] & mask != right[index] & mask { return false }
        }
        return true
    }
}
