import NIOCore

/// The head of an HTTP/1.x message, kept as the bytes that came: a start line and its fields.
///
/// Nothing is decoded into strings before somebody asks, so values survive byte for byte and a head costs two allocations,
/// whatever the number of its fields. (NIO's codec makes two strings of every field: an exchange took
/// 20–27 µs with it and 16–18 µs on bytes.)
public struct MessageHead: Sendable {
    /// Where a field's name and value stand, as offsets into the head.
    @usableFromInline struct Field: Sendable {
        var name: Range<UInt32>
        var value: Range<UInt32>
        /// From the first byte of the name to the first byte after the line's end.
        var line: Range<UInt32>
    }

    /// The bytes of the head, the empty line included; readable from its first byte.
    let bytes: ByteBuffer
    /// The start line without its line end.
    let startLine: Range<UInt32>
    let fields: [Field]

    /// How many fields there are.
    public var count: Int { fields.count }

    /// Calls `body` with the bytes of every value of the fields called `name` (compared without case), in order, until it
    /// returns false.
    public func forEachValue(_ name: String, _ body: (UnsafeRawBufferPointer) -> Bool) {
        bytes.withUnsafeReadableBytes { raw in
            for field in fields where raw[field.name].equalsIgnoringCase(name) {
                if !body(UnsafeRawBufferPointer(rebasing: raw[field.value])) { return }
            }
        }
    }

    /// Calls `body` with the name, in lower case, and the bytes of the value of every field, in order, until it returns false.
    public func forEachField(_ body: (String, UnsafeRawBufferPointer) -> Bool) {
        bytes.withUnsafeReadableBytes { raw in
            for field in fields {
                let name = String(decoding: raw[field.name].lazy.map(\.asciiLowercased), as: UTF8.self)
                if !body(name, UnsafeRawBufferPointer(rebasing: raw[field.value])) { return }
            }
        }
    }

    /// The first value of the fields called `name` (compared without case), decoded as UTF-8 with replacement; `nil` when there
    /// is none.
    public func first(_ name: String) -> String? {
        var found: String?
        forEachValue(name) {
            found = String(decoding: $0, as: UTF8.self)
            return false
        }
        return found
    }

    /// Whether a field called `name` exists.
    public func contains(_ name: String) -> Bool {
        var found = false
        forEachValue(name) { _ in
            found = true
            return false
        }
        return found
    }

    /// How many fields are called `name`.
    public func count(of name: String) -> Int {
        var count = 0
        forEachValue(name) { _ in
            count += 1
            return true
        }
        return count
    }

    /// Whether a comma-separated list under `name` (over all its fields) has `token`, compared without case.
    public func lists(_ token: String, in name: String) -> Bool {
        listsElement(in: name) { $0.equalsIgnoringCase(token) }
    }

    /// The same with case: names of protocols and the like.
    public func lists(exactly token: String, in name: String) -> Bool {
        listsElement(in: name) { $0.elementsEqual(token.utf8) }
    }

    private func listsElement(in name: String, _ isMeant: (Slice<UnsafeRawBufferPointer>) -> Bool) -> Bool {
        var found = false
        forEachValue(name) { value in
            for element in value.split(separator: UInt8(ascii: ",")) where isMeant(element.trimmingBlanks()) {
                found = true
                return false
            }
            return true
        }
        return found
    }

    /// Copies the end-to-end fields, line by line and in order, as `Name: value\r\n`. Left out are hop-by-hop fields, those that
    /// `Connection` names, fields of ours, and those for which `excluding` says so (it gets the name's bytes).
    public func writeEndToEndFields(
        into buffer: inout ByteBuffer, excluding: (UnsafeRawBufferPointer) -> Bool = { _ in false }
    ) {
        let named = namedByConnection()
        bytes.withUnsafeReadableBytes { raw in
            // Runs of fields that stay are copied in one piece.
            var run: Range<UInt32>?
            func flush() {
                if let run { buffer.writeBytes(raw[Int(run.lowerBound)..<Int(run.upperBound)]) }
                run = nil
            }
            for field in fields {
                let name = UnsafeRawBufferPointer(rebasing: raw[field.name])
                let drops =
                    Self.isHopByHop(name) || name.beginsIgnoringCase(HeaderName.prefix) || excluding(name)
                    || named.contains { name.equalsIgnoringCase($0) }
                if drops {
                    flush()
                } else if !raw.endsWithCRLF(field.line) {
                    // A bare LF, which only pushed responses may use, is not handed on.
                    flush()
                    buffer.writeBytes(name)
                    buffer.writeStaticString(": ")
                    buffer.writeBytes(raw[field.value])
                    buffer.writeStaticString("\r\n")
                } else if let started = run, started.upperBound == field.line.lowerBound {
                    run = started.lowerBound..<field.line.upperBound
                } else {
                    flush()
                    run = field.line
                }
            }
            flush()
        }
    }

    /// The further fields that `Connection` makes hop-by-hop: nearly always none.
    private func namedByConnection() -> [String] {
        var names: [String] = []
        forEachValue("Connection") { value in
            for element in value.split(separator: UInt8(ascii: ",")) {
                let name = element.trimmingBlanks()
                // The body's end hangs on its length: nobody may take that away.
                if !name.equalsIgnoringCase("close") && !name.equalsIgnoringCase("keep-alive")
                    && !name.equalsIgnoringCase("Content-Length")
                {
                    names.append(String(decoding: name, as: UTF8.self))
                }
            }
            return true
        }
        return names
    }

    /// Whether `name` is one of `HeaderName.hopByHop`.
    static func isHopByHop(_ name: UnsafeRawBufferPointer) -> Bool {
        for candidate in HeaderName.hopByHop where candidate.utf8CodeUnitCount == name.count {
            let bytes = UnsafeRawBufferPointer(start: candidate.utf8Start, count: candidate.utf8CodeUnitCount)
            if name.equalsIgnoringCase(bytes) { return true }
        }
        return false
    }
}

extension UnsafeRawBufferPointer {
    subscript(range: Range<UInt32>) -> Slice<UnsafeRawBufferPointer> {
        self[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    func endsWithCRLF(_ line: Range<UInt32>) -> Bool {
        line.count >= 2 && self[Int(line.upperBound) - 2] == UInt8(ascii: "\r")
    }
}

extension UInt8 {
    /// ASCII upper-case letters made lower-case; everything else unchanged.
    @inline(__always) var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

    /// Space or tab (RFC 9110 section 5.6.3).
    @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isHexDigit: Bool { isDigit || (asciiLowercased >= 0x61 && asciiLowercased <= 0x66) }

    @inline(__always) var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// A character of a token (RFC 9110 section 5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

extension RandomAccessCollection where Element == UInt8 {
    /// Compares with an ASCII string, ignoring ASCII case.
    func equalsIgnoringCase(_ other: String) -> Bool {
        count == other.utf8.count && zip(self, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    func equalsIgnoringCase(_ other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    func beginsIgnoringCase(_ prefix: String) -> Bool {
        count >= prefix.utf8.count && zip(self, prefix.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    /// Without the spaces and tabs at both ends.
    func trimmingBlanks() -> SubSequence {
        var part = self[...]
        while let first = part.first, first.isBlank { part = part.dropFirst() }
        while let last = part.last, last.isBlank { part = part.dropLast() }
        return part
    }

    /// The number that ASCII digits write; `nil` for anything else, and over `Int.max`.
    func decimalNumber() -> Int? {
        guard !isEmpty else { return nil }
        var number = 0
        for digit in self {
            guard digit.isDigit else { return nil }
            let (tens, overTens) = number.multipliedReportingOverflow(by: 10)
            let (sum, overSum) = tens.addingReportingOverflow(Int(digit - 0x30))
            if overTens || overSum { return nil }
            number = sum
        }
        return number
    }
}
