import Failures
import NIOCore
import Wire

/// What a RESET says of why: a word of the closed list of failure kinds, a space, a text.
enum TunnelReset {
    static let maxText = 1_024

    static func write(_ kind: FailureKind, _ text: String) -> ByteBuffer {
        ByteBuffer(string: "\(kind.rawValue) \(text.withoutControls.prefix(utf8Bytes: maxText))")
    }

    /// What a client of another version says in words that are not known is a failed scrape.
    static func parse(_ bytes: ByteBuffer) -> (FailureKind, String) {
        let words = String(decoding: bytes.readableBytesView, as: UTF8.self)
            .split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = FailureKind(reported: words.first.map(String.init) ?? "")
        return (kind, words.count > 1 ? String(words[1]).withoutControls.prefix(utf8Bytes: maxText) : "")
    }
}
