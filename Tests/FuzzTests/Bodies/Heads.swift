import NIOCore

@testable import Wire

extension FuzzBody {
    /// `HeadParser`, in both dialects, with small and large limits; `MessageHead` and what is written of it.
    static let heads = FuzzBody(name: "heads") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let cuts = input.cuts()
        let dialect: HeadParser.Dialect = options & 1 == 0 ? .request : .response
        let limit = [65_536, 32, 128, 1_024][Int(options >> 1 & 3)]
        let whole = HeadReading(input.message.isEmpty ? [] : [input.message], dialect, limit: limit)
        let cut = HeadReading(input.message.pieces(of: cuts), dialect, limit: limit)
        try require(whole == cut, "in one piece: \(whole); in pieces: \(cut)")
        guard let head = whole.head else {
            if whole.error == nil { try require(whole.held <= limit, "\(whole.held) bytes are held of \(limit)") }
            return
        }
        try checkPlaces(of: head, dialect, limit: limit)
        try checkWriting(of: head)
    }

    private static func checkPlaces(of head: MessageHead, _ dialect: HeadParser.Dialect, limit: Int) throws {
        let count = UInt32(head.bytes.readableBytes)
        try require(count <= limit, "a head of \(count) bytes passed a limit of \(limit)")
        try require(head.count <= HeadParser.maxFields, "\(head.count) fields")
        let ends = dialect == .request ? 2...2 : 1...2
        var end = head.startLine.upperBound
        try require(head.startLine.lowerBound == 0, "the start line does not begin the head")
        for (index, field) in head.fields.enumerated() {
            let gap = Int(field.line.lowerBound) - Int(end)
            try require(index == 0 ? ends.contains(gap) : gap == 0, "bytes between two lines belong to neither")
            try require(
                field.line.lowerBound == field.name.lowerBound && field.name.upperBound < field.value.lowerBound
                    && field.value.upperBound < field.line.upperBound && field.line.upperBound <= count,
                "a field is outside its line: \(field)")
            end = field.line.upperBound
        }
        let rest = Int(count) - Int(end)
        let restEnds = head.fields.isEmpty ? ends.lowerBound * 2...4 : ends
        try require(restEnds.contains(rest), "\(rest) bytes behind the last field")
    }

    /// What is written is a head again, strictly read; writing it once more changes nothing.
    private static func checkWriting(of head: MessageHead) throws {
        var first = ByteBuffer(string: "x\r\n")
        head.writeEndToEndFields(into: &first)
        first.writeStaticString("\r\n")
        var parser = HeadParser(.request, maxBytes: .max)
        var rest = first
        guard let again = try parser.parse(&rest), rest.readableBytes == 0 else {
            throw Violation(description: "what is written of a head is none: \(String(buffer: first))")
        }
        for name in HeaderName.hopByHop {
            try require(!again.contains("\(name)"), "\(name) was passed on")
        }
        var second = ByteBuffer(string: "x\r\n")
        again.writeEndToEndFields(into: &second)
        second.writeStaticString("\r\n")
        try require(first == second, "written twice: \(String(buffer: first)) and \(String(buffer: second))")
    }
}

/// What a `HeadParser` made of pieces.
private struct HeadReading: Equatable {
    var head: MessageHead?
    var error: HeadError?
    /// Bytes of an incomplete head.
    var held = 0

    init(_ pieces: [[UInt8]], _ dialect: HeadParser.Dialect, limit: Int) {
        var parser = HeadParser(dialect, maxBytes: limit)
        var buffer = ByteBuffer()
        do throws(HeadError) {
            for piece in pieces {
                buffer.writeBytes(piece)
                head = try parser.parse(&buffer)
                if head != nil { return }
            }
            held = buffer.readableBytes
        } catch {
            self.error = error
        }
    }

    static func == (left: HeadReading, right: HeadReading) -> Bool {
        left.head?.bytes == right.head?.bytes && left.error == right.error && left.held == right.held
    }
}
