/// The methods that scrapes may use: reading ones unless the operator says otherwise, for whoever reaches the proxy can send
/// whatever it lets through (`DELETE`, `POST /-/quit`) to every port of this machine.
struct ScrapeMethods: Sendable, Equatable, CustomStringConvertible {
    /// What Prometheus needs.
    static let reading = ScrapeMethods(methods: ["GET", "HEAD"])

    private let methods: Set<String>

    private init(methods: Set<String>) { self.methods = methods }

    /// All that one of several lists allows.
    init(union lists: [ScrapeMethods]) { methods = lists.reduce(into: []) { $0.formUnion($1.methods) } }

    /// Tokens (RFC 9110 section 9.1) with commas between them; their case counts. `nil` for anything else, and for `CONNECT`,
    /// which is no scrape.
    init?(_ text: String) {
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        let areMethods = names.allSatisfy { name in
            !name.isEmpty && name != "CONNECT" && name.utf8.allSatisfy(Self.isPartOfMethod)
                && name.contains(where: \.isLetter)
        }
        guard areMethods else { return nil }
        methods = Set(names.map(String.init))
    }

    /// As `init(_:)` reads them, in the order of the alphabet.
    var description: String { methods.sorted().joined(separator: ",") }

    func allow(_ method: String) -> Bool { methods.contains(method) }

    /// Of a token; without the marks that nobody uses in methods and that look like a pattern.
    private static func isPartOfMethod(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
