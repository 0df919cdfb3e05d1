import CCrypt
import Glibc
import Settings

/// A bcrypt hash of a password, as `htpasswd -B`, Prometheus's exporter-toolkit and `pushprox-admin hash-password` write it.
///
/// The work is libcrypt's. As with Go's bcrypt, a password counts up to its 72nd byte, and none is hashed that is longer; one with a NUL, of
/// which libcrypt would see the beginning only, is never right.
public struct PasswordHash: Sendable, Hashable {
    /// What bcrypt looks at, in bytes.
    public static let mostPasswordBytes = 72
    /// Two to the power of this is the number of rounds. 10, as everywhere, takes some 70 ms; each step doubles it.
    public static let usualCost = 10
    /// Costs that bcrypt knows.
    public static let costs = 4...31
    /// Above this a single attempt takes more than some five seconds of a core.
    public static let mostSensibleCost = 16

    private let text: String
    public let cost: Int

    /// - Parameter text: `$2a$`, `$2b$` or `$2y$`, two digits of cost, `$`, and 53 characters of salt and hash; `nil` for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(where: { bytes.starts(with: $0.utf8) }),
            bytes[6] == UInt8(ascii: "$"), bytes[4].isDigit, bytes[5].isDigit,
            bytes[7...].allSatisfy(\.isOfHash)
        else { return nil }
        cost = Int(bytes[4] - 0x30) * 10 + Int(bytes[5] - 0x30)
        guard Self.costs.contains(cost) else { return nil }
        self.text = text
    }

    /// Makes the hash of a password, `$2y$`, with a salt from the system. Takes as long as its cost says.
    ///
    /// - Returns: `nil` for a password that is empty, longer than 72 bytes or has a NUL, and for a cost that is none.
    public static func make(of password: Secret, cost: Int = usualCost) -> PasswordHash? {
        let count = password.exposed.utf8.count
        guard costs.contains(cost), count > 0, count <= mostPasswordBytes else { return nil }
        let salt = SystemRandom.bytes(16).map { CChar(bitPattern: $0) }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        guard crypt_gensalt_rn("$2y$", UInt(cost), salt, Int32(salt.count), &setting, Int32(setting.count)) != nil
        else {
            return nil
        }
        return hash(password, setting: setting).flatMap { PasswordHash($0) }
    }

    /// A hash that no password is known for; checking one takes as long as checking any other of its cost.
    static func unmatchable(cost: Int) -> PasswordHash? {
        PasswordHash(
            "$2y$\(cost < 10 ? "0" : "")\(cost)$" + "abcdefghijklmnopqrstuu" + String(repeating: ".", count: 31))
    }

    /// Whether a password is the one that was hashed. Takes as long as the cost says, on the thread that calls: never on an event loop's. Any
    /// number of threads may call at a time; each takes 32 KiB meanwhile.
    public func verify(_ password: Secret) -> Bool {
        let setting = text.utf8CString.map { $0 }
        guard let hash = Self.hash(password, setting: setting) else { return false }
        let (left, right) = (Array(hash.utf8), Array(text.utf8))
        // The tag says which program made it, and nothing of the password.
        return left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func hash(_ password: Secret, setting: [CChar]) -> String? {
        if password.exposed.utf8.contains(0) { return nil }
        // libcrypt refuses text of 512 bytes and more; bcrypt looks at 72.
        let bytes = password.exposed.utf8.prefix(mostPasswordBytes).map { CChar(bitPattern: $0) } + [0]
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        defer {
            // Salt and hash stand in it.
            explicit_bzero(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        memset(data, 0, MemoryLayout<crypt_data>.size)
        guard let result = crypt_r(bytes, setting, data), result.pointee != CChar(bitPattern: UInt8(ascii: "*")) else {
            return nil
        }
        return String(cString: result)
    }

    /// As it stands in a file: for who writes one.
    public var written: String { text }

    /// The bytes that a cache of successes is keyed by.
    var bytes: String.UTF8View { text.utf8 }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    /// Without salt and hash: who has them can try passwords.
    public var description: String { "bcrypt, cost \(cost)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension UInt8 {
    /// Of bcrypt's alphabet.
    fileprivate var isOfHash: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "/"): true
        default: false
        }
    }
}
