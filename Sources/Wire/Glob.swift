/// A pattern of names or paths with at least one `*`, which stands for any characters, dots and slashes too, or none.
///
/// Matching takes the leftmost place for each piece: no choice is ever taken back, so that the work is at most the pattern's length times the
/// name's, whatever the two are.
public struct Glob: Sendable, Hashable {
    private let beginning: [UInt8]
    private let middle: [[UInt8]]
    private let end: [UInt8]
    private let leastBytes: Int

    /// `nil` without a `*`.
    public init?(_ pattern: String) {
        var pieces = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        guard pieces.count > 1, let end = pieces.popLast() else { return nil }
        self.beginning = pieces.removeFirst()
        self.middle = pieces.filter { !$0.isEmpty }
        self.end = end
        self.leastBytes = beginning.count + end.count + middle.reduce(0) { $0 + $1.count }
    }

    public func matches(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { matches($0) }
    }

    private func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count >= leastBytes, name.starts(with: beginning), name.suffix(end.count).elementsEqual(end) else {
            return false
        }
        var start = beginning.count
        let last = name.count - end.count
        for piece in middle {
            while true {
                if start + piece.count > last { return false }
                if name[start..<start + piece.count].elementsEqual(piece) { break }
                start += 1
            }
            start += piece.count
        }
        return true
    }
}
