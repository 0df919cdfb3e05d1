import Glibc

/// The text of an IP address as the bytes of the address.
public enum IPAddress {
    /// 4 or 16 bytes; `nil` for text that is no address. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    ///
    /// - Parameter text: without brackets.
    public static func bytes(_ text: String) -> [UInt8]? {
        // What follows a NUL would be hidden from the C functions, but not from whoever reads the text.
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        return unmapped(bytes)
    }

    /// - Parameter address: 4 or 16 bytes.
    public static func unmapped(_ address: [UInt8]) -> [UInt8] {
        let isMapped =
            address.count == 16 && address.prefix(10).allSatisfy { $0 == 0 } && address[10] == 0xFF
            && address[11] == 0xFF
        return isMapped ? Array(address.suffix(4)) : address
    }
}
