import NIOCore

@testable import Web
@testable import Wire

/// A connection around `RequestPhases` whose peer sends pieces, waits for nothing and reads all: what comes of its requests.
struct RequestDrive {
    struct Manner {
        /// Admission takes until the peer is not read any more.
        let admitsLate: Bool
        /// Each request is answered as soon as it is admitted, whatever is left of its body.
        let answersEarly: Bool

        static let all = [(false, false), (true, false), (false, true), (true, true)].map {
            Manner(admitsLate: $0, answersEarly: $1)
        }
    }

    typealias Event = RequestReading.Event

    private let manner: Manner
    private let limit: Int
    private(set) var events: [Event] = []
    private var phases: RequestPhases
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var begun = 0
    private var sent = 0
    /// No further request is served.
    private var isClosing = false
    private var isOver = false

    init(_ pieces: [[UInt8]], limit: Int, _ manner: Manner) throws {
        self.manner = manner
        self.limit = limit
        phases = RequestPhases(maxHeadBytes: limit, patience: .seconds(8))
        phases.opened(now)
        for piece in pieces where !isOver {
            try require(phases.wantsReading, "the peer is not read, and nobody is to move")
            sent += piece.count
            phases.bytesArrived(ByteBuffer(bytes: piece))
            try run()
            phases.batchEnded()
            try look(piece.count)
        }
    }

    /// - Parameter all: What the parsers make of the same pieces.
    func check(against all: [Event]) throws {
        let expected = manner.answersEarly ? all.filter(\.isHead) : all
        let got = manner.answersEarly ? events.filter(\.isHead) : events
        try require(expected.starts(with: got), "\(got), where there are \(expected)")
        try require(isClosing || got.count == expected.count, "\(got), where there are \(expected)")
        var ending = self
        try ending.end()
    }

    /// The peer falls silent.
    private mutating func end() throws {
        guard !isOver else { return }
        let isOwed = phases.deadline != nil
        for _ in 0..<4 where !isOver {
            guard let deadline = phases.deadline else { break }
            now = deadline
            phases.timePassed(now)
            try run()
        }
        try require(isOver == isOwed, "\(isOwed ? "it waits for ever" : "it ends idle") in \(phases.phase)")
    }

    private mutating func run() throws {
        var steps = 0
        repeat {
            if case .admitting = phases.phase { try admit() }
            while !isOver, let action = phases.next(now) {
                steps += 1
                try require(steps <= 4 * sent + 16, "it goes round in circles, in \(phases.phase)")
                try perform(action)
            }
        } while !isOver && phases.isAdmitting(phases.number)
    }

    private mutating func perform(_ action: RequestPhases.Action) throws {
        switch action {
        case .begin(let head):
            try require(!isClosing, "a request behind the last")
            begun += 1
            events.append(Event(head))
            if !manner.admitsLate { try admit() }
        case .bodyArrived(let slice):
            try require(slice.readableBytes > 0, "an empty slice")
            if case .body(let bytes) = events.last {
                events[events.count - 1] = .body(bytes + Array(slice))
            } else {
                events.append(.body(Array(slice)))
            }
        case .bodyEnded:
            events.append(.end)
            try answer()
        case .refuse(let fault):
            isClosing = true
            switch fault {
            case .head(let error): events.append(.failed(error))
            case .malformedBody: events.append(.malformedChunk)
            case .slow: break
            case .tooMuchBehind: throw Violation(description: "\(phases.received.readableBytes) bytes are too much")
            }
            try require(phases.answered(now, inTurn: true), "a refusal is not taken")
        case .close(.outputWhenWritten, _):
            isClosing = true
            phases.outputClosed(now)
        case .close:
            isClosing = true
            isOver = true
        case .goOnLater: phases.turnCame()
        }
    }

    private mutating func admit() throws {
        try require(phases.admitted(phases.number), "a verdict is not taken")
        phases.exchangeBegan(maxBehind: nil)
        _ = phases.continueIsDue()
        if manner.answersEarly { try answer() }
    }

    private mutating func answer() throws {
        _ = phases.persistence()
        try require(phases.answered(now, inTurn: true), "an answer is not taken")
        try require(!phases.answered(now, inTurn: true), "a second answer to one request")
    }

    private func look(_ lastPiece: Int) throws {
        guard !isOver else { return }
        let held = phases.received.readableBytes
        try require(held <= limit + 8_192 + lastPiece, "\(held) bytes are held")
        switch phases.phase {
        case .head:
            let isOwed = held > 0 || begun == 0
            try require((phases.deadline != nil) == isOwed, "the clock \(isOwed ? "stands" : "runs")")
            try require(phases.isIdle != isOwed, "idle and owing")
        case .body, .discarding, .lingering:
            try require(phases.deadline != nil, "the clock stands in \(phases.phase)")
        case .admitting, .answering, .refused, .takenOver, .closed:
            throw Violation(description: "it stands still in \(phases.phase)")
        }
    }
}
