import NIOCore
import Wire

/// The requests of one connection, one after the other, as a value: bytes, time and the exchange's words go in, as events in the past
/// tense; what is to be done comes out of `next`, one `Action` at a time. What holds for a while (whether the peer is read, whether it
/// is on the clock, whether it is idle) is a property, to be looked at when `next` has nothing more.
///
///     head ──▶ admitting ──▶ body ──▶ answering ──▶ head
///
/// | phase | until | then |
/// | --- | --- | --- |
/// | `head` | a head is complete | `admitting` |
/// | `admitting` | it was admitted; or refused, which is an answer | `body`; as answered |
/// | `body` | the body is complete; or answered before that | `answering`; `discarding` |
/// | `answering` | answered; or taken over | `head`; `takenOver` |
/// | `discarding` | the body is complete | `head` |
/// | `refused` | the refusal is answered | `lingering` |
/// | `lingering` | the peer closes, sends too much, or its time is up | `closed` |
///
/// - A request that can't be followed, comes too late, or has too much behind it goes from any of the first four phases to `refused`;
///   to `closed`, with a reset, where part of its answer is out.
/// - An answer after which the connection can't go on leads to `closed` when the peer has sent all that it had to and nothing more,
///   otherwise to `lingering`: closing at once could destroy what it has not read yet (RFC 9112 section 9.6).
/// - `takenOver` and `closed` are the end. Whatever else comes too late, or for an earlier request, changes nothing.
struct RequestPhases {
    enum Phase {
        case head
        case admitting(BodyDecoder)
        case body(BodyDecoder)
        case answering
        case discarding(BodyDecoder, bytes: Int)
        case refused
        case lingering(bytes: Int)
        case takenOver
        case closed
    }

    /// What a request was found wanting in.
    enum Fault: Equatable {
        case head(HeadError)
        case malformedBody
        case slow
        /// Sent behind a request that still waits, or while its peer reads no answers.
        case tooMuchBehind
    }

    enum Closing: Equatable {
        /// Whatever still waits to be written.
        case atOnce
        /// In a way that can't be taken for the end of a response.
        case withReset
        /// When everything that was written has gone.
        case whenWritten
        /// Our half alone, when everything that was written has gone; `outputClosed` then has to be told.
        case outputWhenWritten
    }

    enum Action {
        /// A request's head is complete: who asks has to be admitted, or refused, at once or later.
        case begin(RequestHead)
        case bodyArrived(ByteBuffer)
        case bodyEnded
        /// The request is given up: answer it in the exchange's place, and tell that one.
        case refuse(Fault)
        case close(Closing, Fault?)
        /// Call `turnCame` in a later turn of the event loop.
        case goOnLater
    }

    enum Clock: Equatable {
        case off
        /// Not looked at unless the request has not arrived whole when all of a read has been seen.
        case armed(until: NIODeadline)
        case running(until: NIODeadline)
    }

    enum Owed {
        case nothing
        case turn
        case refusal(Fault)
        case closing(Closing, Fault?)
    }

    /// The most bytes that are kept while reading pauses: what may be pipelined, and the read that went beyond it.
    static let maxHeldBytes = WebLimits.maxPipelinedBytes + WebLimits.maxReadBytes
    /// The longest lingering. A few round trips on the slowest link; Go's `net/http` takes half a second.
    static let maxLingering = TimeAmount.seconds(2)

    /// How long a peer may take over a request's head, and over what else must come before anybody waits for it.
    let patience: TimeAmount
    var parser: HeadParser
    var received = ByteBuffer()
    var phase = Phase.head
    var clock = Clock.off
    var owed = Owed.nothing
    /// As the channel last said.
    var isWritable = true
    /// A request was answered from inside another connection's: the next one begins in a turn of its own.
    var waitsForTurn = false

    // MARK: The current request

    /// Counts requests, so that a verdict on an earlier one is recognised.
    private(set) var number: UInt32 = 0
    private(set) var began = NIODeadline.distantPast
    private(set) var isHead = false
    /// 0 or 1.
    private(set) var minorVersion: UInt8 = 1
    var closesAfterAnswer = false
    var awaitsContinue = false
    var answerHasBegun = false
    var exchangePausesReading = false
    /// The most that may be sent behind the current request; `nil` where further bytes are left in the socket instead.
    var maxBehind: Int?

    /// - Parameters:
    ///   - maxHeadBytes: A head that is larger is refused.
    ///   - patience: Zero or more.
    init(maxHeadBytes: Int, patience: TimeAmount) {
        self.patience = patience
        parser = HeadParser(.request, maxBytes: maxHeadBytes)
    }

    mutating func headArrived(_ head: RequestHead, _ now: NIODeadline) {
        let decoder = BodyDecoder(head.framing)
        number &+= 1
        began = now
        isHead = head.method == "HEAD"
        minorVersion = UInt8(head.minorVersion)
        closesAfterAnswer = !head.keepsAlive
        awaitsContinue = head.expectsContinue && !decoder.hasEnded
        answerHasBegun = false
        exchangePausesReading = false
        maxBehind = nil
        // From now on the clock is the exchange's to stop: a body that must come before anybody waits for it has to come soon. The time of
        // a request counts from its first byte.
        clock = .armed(until: deadline ?? now + patience)
        phase = .admitting(decoder)
    }

    /// What came is no request of any kind, so its answer is none to HEAD or to HTTP/1.0.
    mutating func headGivenUp() {
        isHead = false
        minorVersion = 1
        awaitsContinue = false
        answerHasBegun = false
    }

    // MARK: What holds for a while

    /// Whether the peer's bytes are to be read. Where they are not, somebody else is to move next: who admits, a slow receiver, the
    /// exchange's answer, or the peer, by reading what waits for it.
    var wantsReading: Bool {
        switch phase {
        case .head: isWritable || received.readableBytes == 0
        case .admitting: false
        case .body: !exchangePausesReading
        case .answering:
            !exchangePausesReading && (maxBehind != nil || received.readableBytes <= WebLimits.maxPipelinedBytes)
        case .discarding, .refused, .lingering, .takenOver, .closed: true
        }
    }

    /// When the peer is given up, unless what it owes is here by then; `nil` while it owes nothing.
    var deadline: NIODeadline? {
        guard case .running(let deadline) = clock else { return nil }
        return deadline
    }

    /// Between requests, with nothing of the next one here.
    var isIdle: Bool {
        guard case .head = phase, clock == .off else { return false }
        return received.readableBytes == 0
    }

    /// Whether the request of this number still waits for its verdict.
    func isAdmitting(_ request: UInt32) -> Bool {
        guard case .admitting = phase else { return false }
        return request == number
    }
}
