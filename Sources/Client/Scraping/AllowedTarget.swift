import Wire

/// What one `--scrape.allow` lets scrapes ask for: a port, and which paths there.
///
/// Where paths matter, one that a target may read in another way than it is written is not let through, whatever the pattern:
/// `/probe/../admin` begins with `/probe`.
struct AllowedTarget: Sendable, Equatable {
    /// What is wrong with a text that is none, as half a sentence that begins with "it".
    struct Malformed: Error, Equatable { let explanation: String }

    private enum Paths: Sendable, Equatable {
        case all
        case exactly(String)
        case like(Glob)
    }

    private let port: Int
    private let paths: Paths

    /// - Parameter text: `9100`, `9100/metrics`, `9113/probe*`, where `*` stands for anything or nothing.
    init(_ text: String) throws(Malformed) {
        let digits = text.prefix { $0 != "/" }
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { throw Malformed(explanation: "it does not begin with a port from 1 to 65535") }
        self.port = port
        let path = String(text[digits.endIndex...])
        guard !path.isEmpty else {
            paths = .all
            return
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !path.contains("?"), !path.contains("#") else {
            throw Malformed(explanation: "its path has characters that no path has; queries are not looked at")
        }
        guard !Self.isAmbiguous(path) else {
            throw Malformed(
                explanation: "its path could be read in more than one way: write it without empty and dot segments, \\ "
                    + "and encoded characters that mean something in a path")
        }
        paths = Glob(path).map { .like($0) } ?? .exactly(path)
    }

    /// - Parameter path: as the request has it, without its query; empty for `/`.
    func allows(port: Int, path: String) -> Bool {
        guard port == self.port else { return false }
        let path = path.isEmpty ? "/" : path
        switch paths {
        case .all: return true
        case .exactly(let only): return path == only
        case .like(let glob): return !Self.isAmbiguous(path) && glob.matches(path)
        }
    }

    /// Whether it lets a connection to the port through that nobody can look into.
    func allowsAll(of port: Int) -> Bool { port == self.port && paths == .all }

    /// Whether some target may take a path for another one: dot segments (RFC 3986 section 5.2.4), with parameters too (`..;x`, as
    /// servlets have them), empty segments, which some merge, `\`, which some take for `/`, and percent-encoding of whatever would
    /// be that, would end the path, or is not ASCII: `.` has longer forms in UTF-8 that careless decoders take.
    static func isAmbiguous(_ path: String) -> Bool {
        if path.utf8.contains(UInt8(ascii: "\\")) { return true }
        let segments = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { return true }
            // The last one is empty where a path ends with a slash.
            if name.isEmpty, index < segments.count - 1 || !segment.isEmpty { return true }
            if !isPlainlyEncoded(Array(segment)) { return true }
        }
        return false
    }

    /// Whether each `%` is followed by the digits of a character that means nothing in a path.
    private static func isPlainlyEncoded(_ segment: [UInt8]) -> Bool {
        for index in segment.indices where segment[index] == UInt8(ascii: "%") {
            guard index + 2 < segment.count,
                let high = Character(Unicode.Scalar(segment[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(segment[index + 2])).hexDigitValue
            else { return false }
            let decoded = UInt8(high << 4 | low)
            guard (0x20..<0x7F).contains(decoded), !"./\\%;?#".utf8.contains(decoded) else { return false }
        }
        return true
    }
}
