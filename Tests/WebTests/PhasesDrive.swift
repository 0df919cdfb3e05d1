import NIOCore
import Wire

@testable import Web

/// Drives `RequestPhases` as a connection does, with a made-up clock, and writes down what it is to do. What is refused is answered at
/// once; requests are admitted at once unless `admits` is false.
struct PhasesDrive {
    static let patience = TimeAmount.seconds(8)

    var phases = RequestPhases(maxHeadBytes: 1_000, patience: PhasesDrive.patience)
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private(set) var log: [String] = []
    var admits = true
    /// As `Exchange.maxPipelinedBytes`.
    var maxBehind: Int?

    init() { phases.opened(now) }

    /// What was to be done since this was last called.
    mutating func done() -> [String] {
        defer { log = [] }
        return log
    }

    mutating func bytes(_ text: String) {
        phases.bytesArrived(ByteBuffer(string: text))
        drain()
        phases.batchEnded()
    }

    mutating func answer(inTurn: Bool = true) {
        if !phases.answered(now, inTurn: inTurn) { log.append("nothing to answer") }
        drain()
    }

    /// - Parameter request: The current one, where nothing is said.
    mutating func admit(_ request: UInt32? = nil) {
        phases.admissionTookTime(now)
        if !phases.admitted(request ?? phases.number) { log.append("late verdict") }
        drain()
    }

    mutating func abort() {
        if !phases.aborted() { log.append("nothing to abort") }
        drain()
    }

    mutating func takeOver() {
        log.append(phases.takenOver().map { "taken over: \(String(buffer: $0))" } ?? "not taken over")
        drain()
    }

    mutating func time(_ amount: TimeAmount) {
        now = now + amount
        phases.timePassed(now)
        drain()
    }

    mutating func tell(_ event: (inout RequestPhases, NIODeadline) -> Void) {
        event(&phases, now)
        drain()
    }

    mutating func drain() {
        while let action = phases.next(now) {
            switch action {
            case .begin(let head):
                log.append("begin \(head.method) \(head.target)")
                guard admits else { continue }
                _ = phases.admitted(phases.number)
                phases.exchangeBegan(maxBehind: maxBehind)
                if phases.continueIsDue() { log.append("continue") }
            case .bodyArrived(let slice): log.append("body \(String(buffer: slice))")
            case .bodyEnded: log.append("ended")
            case .refuse(let fault):
                log.append("refuse \(fault)")
                _ = phases.answered(now, inTurn: true)
            case .close(let closing, let fault): log.append("close \(closing)" + (fault.map { " \($0)" } ?? ""))
            case .goOnLater: log.append("later")
            }
        }
    }
}
