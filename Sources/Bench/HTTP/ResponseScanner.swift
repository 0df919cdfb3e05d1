import Glibc

/// Reads HTTP/1.1 responses off a connection without copying their bodies: all that a load generator needs to know of them, at a cost
/// that does not grow with their size.
///
/// Legal transitions: `head` → `length`, `chunkSize`, `untilClose` or `done`; `length` → `done`; `chunkSize` → `chunkData` or
/// `trailers`; `chunkData` → `chunkEnd` → `chunkSize`; `trailers` → `done`. `reset` leads from anywhere to `head`; so does a 1xx head.
struct ResponseScanner {
    enum Progress: Equatable {
        case needsMore
        case complete
        case malformed(String)
    }

    private enum Phase: Equatable {
        case head
        case length(Int)
        case chunkSize
        case chunkData(Int)
        case chunkEnd, trailers, untilClose, done
    }

    /// Longest head, chunk-size line or trailer list that is accepted.
    static let lineLimit = 64 * 1_024

    /// Of the response now being read; 0 before its status line.
    private(set) var status = 0
    /// Body bytes seen of it, without chunk framing.
    private(set) var bodyBytes = 0
    /// Its body's first bytes, as many as `keepLimit`.
    private(set) var kept: [UInt8] = []
    /// Whether the peer announced that it closes the connection after it.
    private(set) var closes = false
    /// How many bytes of a body are kept.
    let keepLimit: Int

    private var phase = Phase.head
    private var held: [UInt8] = []
    private var begun = false

    init(keeping keepLimit: Int) { self.keepLimit = keepLimit }

    /// Whether any byte of the response has been seen.
    var isUnderWay: Bool { begun }

    mutating func reset() {
        phase = .head
        status = 0
        bodyBytes = 0
        closes = false
        begun = false
        kept.removeAll(keepingCapacity: true)
        held.removeAll(keepingCapacity: true)
    }

    /// Takes what it can of `bytes`, starting at `offset`, which it moves on. Bytes after a complete response are left.
    mutating func bytesArrived(_ bytes: UnsafeRawBufferPointer, offset: inout Int) -> Progress {
        while true {
            if phase == .done { return .complete }
            if offset == bytes.count { return .needsMore }
            begun = true
            switch phase {
            case .head, .trailers:
                switch takeLines(bytes, &offset) {
                case .complete: continue
                case let other: return other
                }
            case .length(let left):
                let taken = take(bytes, &offset, atMost: left)
                phase = taken == left ? .done : .length(left - taken)
            case .untilClose:
                _ = take(bytes, &offset, atMost: .max)
            case .chunkData(let left):
                let taken = take(bytes, &offset, atMost: left)
                phase = taken == left ? .chunkEnd : .chunkData(left - taken)
            case .chunkEnd, .chunkSize:
                switch takeChunkLine(bytes, &offset) {
                case .complete: continue
                case let other: return other
                }
            case .done: return .complete
            }
        }
    }

    /// The peer closed. `true` when that is how this response ends, `false` when it broke off.
    mutating func connectionEnded() -> Bool {
        guard phase == .untilClose else { return false }
        phase = .done
        return true
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, atMost limit: Int) -> Int {
        let count = min(limit, bytes.count - offset)
        if kept.count < keepLimit {
            kept.append(contentsOf: bytes[offset..<(offset + min(count, keepLimit - kept.count))])
        }
        bodyBytes += count
        offset += count
        return count
    }

    /// A head or a trailer list: up to and including its empty line. What is not whole yet is held.
    private mutating func takeLines(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Progress {
        if held.isEmpty, let end = Self.endOfLines(bytes, from: offset) {
            let section = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
            offset = end
            return sectionEnded(section)
        }
        // Rare: it came in pieces. Bytewise, so that nothing behind the empty line is held.
        while offset < bytes.count {
            held.append(bytes[offset])
            offset += 1
            if held.last == 0x0A, held == [13, 10] || held.suffix(3).elementsEqual([10, 13, 10]) {
                let section = held
                held.removeAll(keepingCapacity: true)
                return section.withUnsafeBytes { sectionEnded($0) }
            }
            if held.count > Self.lineLimit { return .malformed("a head of more than \(Self.lineLimit) bytes") }
        }
        return .needsMore
    }

    private mutating func sectionEnded(_ section: UnsafeRawBufferPointer) -> Progress {
        if phase == .trailers {
            phase = .done
            return .complete
        }
        guard let head = ScannedHead(section) else { return .malformed("a head that is not HTTP/1.x") }
        if (100..<200).contains(head.status), head.status != 101 { return .complete }
        status = head.status
        closes = head.closes
        switch head.framing {
        case .none: phase = .done
        case .length(let length): phase = length == 0 ? .done : .length(length)
        case .chunked: phase = .chunkSize
        case .untilClose: phase = .untilClose
        }
        return .complete
    }

    private mutating func takeChunkLine(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Progress {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if byte != 0x0A {
                held.append(byte)
                if held.count > 1_024 { return .malformed("a chunk-size line of more than 1024 bytes") }
                continue
            }
            if held.last == 0x0D { held.removeLast() }
            let line = held.prefix { $0 != 0x3B }.filter { $0 != 0x20 }
            held.removeAll(keepingCapacity: true)
            if phase == .chunkEnd {
                guard line.isEmpty else { return .malformed("a chunk longer than its size") }
                phase = .chunkSize
                return .complete
            }
            guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16), size >= 0 else {
                return .malformed("a chunk size that is not a number")
            }
            phase = size == 0 ? .trailers : .chunkData(size)
            return .complete
        }
        return .needsMore
    }

    private static func endOfLines(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // Trailers may be empty: the section is then one empty line.
        if bytes.count >= start + 2, bytes[start] == 13, bytes[start + 1] == 10 { return start + 2 }
        var at = start
        while at < bytes.count, let found = memchr(base + at, 0x0A, bytes.count - at) {
            let newline = base.distance(to: UnsafeRawPointer(found))
            if newline + 2 < bytes.count, bytes[newline + 1] == 13, bytes[newline + 2] == 10 { return newline + 3 }
            at = newline + 1
        }
        return nil
    }
}
