import Glibc

/// Walks over the header lines of a head as slices of it; the first line (request or status line) is skipped.
struct HeaderLines {
    private let bytes: UnsafeRawBufferPointer
    private var offset: Int

    /// `bytes` must outlive the walk.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = Self.lineEnd(bytes, from: 0).next
    }

    /// `nil` at the empty line or the end. Values come without the white space around them.
    mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        while offset < bytes.count {
            let start = offset
            let (end, next) = Self.lineEnd(bytes, from: start)
            offset = next
            if end == start { return nil }
            guard let colon = bytes[start..<end].firstIndex(of: 0x3A) else { continue }
            var first = colon + 1
            var last = end
            while first < last, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
            while last > first, bytes[last - 1] == 0x20 || bytes[last - 1] == 0x09 { last -= 1 }
            return (
                UnsafeRawBufferPointer(rebasing: bytes[start..<colon]),
                UnsafeRawBufferPointer(rebasing: bytes[first..<last])
            )
        }
        return nil
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> (end: Int, next: Int) {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, 0x0A, bytes.count - start)
        else { return (bytes.count, bytes.count) }
        let newline = base.distance(to: UnsafeRawPointer(found))
        return (newline > start && bytes[newline - 1] == 0x0D ? newline - 1 : newline, newline + 1)
    }

    /// Compares without regard to ASCII case; `lowercase` must be in lower case.
    static func isName(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            if lower != lowercase.utf8Start[index] { return false }
        }
        return true
    }

    /// A decimal number of up to 15 digits.
    static func number(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 15 else { return nil }
        var number = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }
}
