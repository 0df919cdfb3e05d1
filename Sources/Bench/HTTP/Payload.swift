import NIOCore

/// The bodies of simulated responses: a first line that names the client, the scrape and the body's length, then filler in the form
/// of an exposition. The scraper knows from the first line whether it got the answer to its own question, whole.
struct Payload: Sendable {
    private let filler: ByteBuffer

    /// `largest` is the size in bytes of the largest body that will be asked for.
    init(largest: Int) {
        var filler = ByteBuffer()
        filler.reserveCapacity(largest + 128)
        var line = 0
        while filler.writerIndex < largest {
            filler.writeString(
                "bench_filler_total{device=\"sda\(line % 97)\",mode=\"idle\",cpu=\"\(line % 31)\"} \(line * 7919)\n")
            line += 1
        }
        self.filler = filler
    }

    /// The first line of a body of `size` bytes; the whole body when `size` is smaller than it.
    static func firstLine(fqdn: String, token: UInt64, size: Int) -> String {
        "# pushprox-bench \(fqdn) \(token) \(size)\n"
    }

    /// What comes after the first line: `count` bytes that share their storage.
    func rest(_ count: Int) -> ByteBuffer {
        filler.getSlice(at: 0, length: max(0, min(count, filler.readableBytes))) ?? ByteBuffer()
    }

    /// Most bytes of a body that `matches` needs to see.
    static let longestFirstLine = 320

    /// Whether a body that begins with `start` and is `length` bytes long is the answer of client `fqdn` to scrape `token`.
    static func matches(start: [UInt8], length: Int, fqdn: String, token: UInt64) -> Bool {
        start.withUnsafeBytes { bytes in
            var at = 0
            func skip(_ text: String) -> Bool {
                for byte in text.utf8 {
                    guard at < bytes.count, bytes[at] == byte else { return false }
                    at += 1
                }
                return true
            }
            func number() -> UInt64? {
                let start = at
                var value: UInt64 = 0
                while at < bytes.count, (0x30...0x39).contains(bytes[at]), at - start < 20 {
                    value = value &* 10 &+ UInt64(bytes[at] - 0x30)
                    at += 1
                }
                return at > start ? value : nil
            }
            guard skip("# pushprox-bench "), skip(fqdn), skip(" "), number() == token, skip(" "), let size = number(),
                skip("\n")
            else { return false }
            // A size smaller than the first line gives a body of that line alone.
            return length == max(Int(clamping: size), at)
        }
    }
}
