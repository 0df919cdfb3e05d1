/// What a load generator reads of a response's head: its status, how its body is framed, whether the connection ends with it.
struct ScannedHead: Equatable {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked, untilClose
    }

    var status: Int
    var framing: Framing
    var closes: Bool

    /// `section` ends with the empty line. `nil` when it does not begin with an HTTP/1.x status line, or has a
    /// Content-Length that is not a number.
    init?(_ section: UnsafeRawBufferPointer) {
        guard section.count >= 12, section.starts(with: "HTTP/1.".utf8), section[8] == 0x20 else { return nil }
        var status = 0
        for index in 9..<12 {
            guard (0x30...0x39).contains(section[index]) else { return nil }
            status = status * 10 + Int(section[index] - 0x30)
        }
        self.status = status
        closes = section[7] == 0x30
        framing = .untilClose
        var length: Int?
        var chunked = false
        var lines = HeaderLines(section)
        while let (name, value) = lines.next() {
            if HeaderLines.isName(name, "content-length") {
                guard let number = HeaderLines.number(value) else { return nil }
                length = number
            } else if HeaderLines.isName(name, "transfer-encoding") {
                chunked = HeaderLines.isName(value, "chunked")
            } else if HeaderLines.isName(name, "connection") {
                closes = HeaderLines.isName(value, "close")
            }
        }
        if status < 200 || status == 204 || status == 304 {
            framing = .none
        } else if chunked {
            framing = .chunked
        } else if let length {
            framing = .length(length)
        } else {
            closes = true
        }
    }
}
