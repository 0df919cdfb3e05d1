/// What a simulated client needs of the request in an answered poll: its `Id`, and the token by which the scraper knows its scrape.
struct PolledScrape: Equatable {
    /// Empty when there was none: a proxy that sends none is at fault, and the push will be refused.
    var id: [UInt8]
    /// The number in `?n=…` of the URL; `nil` for a scrape that is not from `pushprox-bench scrape`.
    var token: UInt64?

    /// `nil` for bytes that are not a GET request.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.starts(with: "GET ".utf8), let lineEnd = bytes.firstIndex(of: 0x0A) else { return nil }
        id = []
        token = Self.token(in: UnsafeRawBufferPointer(rebasing: bytes[..<lineEnd]))
        var lines = HeaderLines(bytes)
        while let (name, value) = lines.next() {
            if HeaderLines.isName(name, "id") {
                id = Array(value)
                return
            }
        }
    }

    /// The number after `?n=`.
    static func token(in line: UnsafeRawBufferPointer) -> UInt64? {
        guard let mark = line.firstIndex(of: 0x3F), mark + 3 < line.count, line[mark + 1] == 0x6E,
            line[mark + 2] == 0x3D
        else { return nil }
        var index = mark + 3
        var number: UInt64 = 0
        while index < line.count, (0x30...0x39).contains(line[index]), index - mark < 21 {
            number = number &* 10 &+ UInt64(line[index] - 0x30)
            index += 1
        }
        return index > mark + 3 ? number : nil
    }
}
