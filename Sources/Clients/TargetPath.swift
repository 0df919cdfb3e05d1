/// The path of a target with its parameters, in the one spelling of it that there is: what two spellings mean is the same when their
/// `TargetPath`s are.
///
/// Prometheus takes a path apart into `__metrics_path__` and `__param_…`, and puts it together again in its own way: decoded, escaped anew, the
/// parameters sorted.
public struct TargetPath: Hashable, Sendable, CustomStringConvertible {
    /// `/metrics`.
    public static let standard = TargetPath(canonical: "/metrics")

    /// Printable ASCII without space: a path that begins with `/`; the parameters, sorted by name, behind a `?`.
    public let description: String

    private init(canonical: String) { description = canonical }

    /// - Parameter text: `/snmp?module=if_mib`. Characters other than those of URLs may stand for themselves.
    public init(_ text: String) throws(DeclarationProblem) {
        do throws(TargetPathProblem) {
            description = try Self.canonical(text.utf8)
        } catch {
            throw .path(text, error)
        }
    }

    /// What a request asks for, if it can be that of a target at all.
    public init?(requested text: some StringProtocol) {
        guard let canonical = try? Self.canonical(text.utf8) else { return nil }
        description = canonical
    }

    private static func canonical(_ text: some Collection<UInt8>) throws(TargetPathProblem) -> String {
        guard text.first == UInt8(ascii: "/") else { throw .noSlash }
        let mark = text.firstIndex(of: UInt8(ascii: "?"))
        var canonical = ""
        PercentCoding.encode(
            try decoded(text[..<(mark ?? text.endIndex)], isQuery: false), behind: &canonical, keeping: isOfPath)
        guard let mark else { return canonical }
        var parameters: [(name: String, value: [UInt8])] = []
        let query = text[text.index(after: mark)...]
        if query.isEmpty { return canonical }
        for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: try decoded(pair.first ?? part, isQuery: true), as: UTF8.self)
            guard !name.isEmpty, name.utf8.allSatisfy(\.isWord) else { throw .parameterName }
            guard pair.count > 1, !pair[1].isEmpty else { throw .parameterWithoutValue }
            parameters.append((name, try decoded(pair[1], isQuery: true)))
        }
        parameters.sort { $0.name < $1.name }
        for (one, next) in zip(parameters, parameters.dropFirst()) where one.name == next.name { throw .parameterTwice }
        for (number, parameter) in parameters.enumerated() {
            canonical += (number == 0 ? "?" : "&") + parameter.name + "="
            PercentCoding.encode(parameter.value, behind: &canonical, keeping: isOfQuery)
        }
        return canonical
    }

    private static func decoded(_ text: some Collection<UInt8>, isQuery: Bool) throws(TargetPathProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let written = text[index]
            if written == UInt8(ascii: "#") { throw .fragment }
            guard let byte = PercentCoding.next(of: text, at: &index, as: { _ in true }) else { throw .coding }
            if !isQuery, byte == UInt8(ascii: "/"), written != byte { throw .encodedSlash }
            bytes.append(isQuery && written == UInt8(ascii: "+") ? 0x20 : byte)
        }
        guard let read = String(validating: bytes, as: UTF8.self), read.hasNoControls else { throw .characters }
        return bytes
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
    }

    private static func isOfPath(_ byte: UInt8) -> Bool { isUnreserved(byte) || "/:@!$&'()*+,;=".utf8.contains(byte) }
    private static func isOfQuery(_ byte: UInt8) -> Bool { isUnreserved(byte) || "/:@,".utf8.contains(byte) }
}
