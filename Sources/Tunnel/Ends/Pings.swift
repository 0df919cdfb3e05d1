import NIOCore

/// Whether the other end is still there, and how far away it is.
///
/// A ping goes out when nothing was heard for a while, and now and then in any case, to know the round trip. One is under way at a time.
struct Pings: Sendable {
    enum Step: Equatable {
        case nothing
        case ping(UInt64)
        case dead
    }

    var interval: TimeAmount
    /// Of the interval, how long silence may last until this end asks: the proxy at once, the client a quarter later, so that one of both asks.
    private let patience: Int64
    private var heard: NIODeadline
    /// The first ping since.
    private var asked: NIODeadline?
    private var sent: (number: UInt64, at: NIODeadline)?
    private var lastPing: NIODeadline?
    private var number: UInt64 = 0
    private(set) var roundTrip: TimeAmount?

    init(interval: TimeAmount, isFirst: Bool, at now: NIODeadline) {
        self.interval = interval
        patience = isFirst ? 4 : 5
        heard = now
    }

    mutating func heardSomething(at now: NIODeadline) {
        heard = now
        asked = nil
    }

    /// - Returns: The round trip, if that is the answer to our last ping.
    mutating func ponged(_ answer: UInt64?, at now: NIODeadline) -> TimeAmount? {
        guard let sent, answer == sent.number else { return nil }
        self.sent = nil
        let time = now - sent.at
        roundTrip = time
        return time
    }

    /// Asks now.
    mutating func ask(at now: NIODeadline) -> UInt64 {
        number += 1
        sent = (number, now)
        lastPing = now
        if asked == nil { asked = now }
        return number
    }

    private var askTime: NIODeadline {
        let quiet = max(heard, lastPing ?? heard) + .nanoseconds(interval.nanoseconds / 4 * patience)
        guard let lastPing, sent == nil else { return quiet }
        return min(quiet, lastPing + .nanoseconds(interval.nanoseconds * patience))
    }

    /// After two and a half intervals, of which the other end had one to answer in: a process that was stopped for a while asks first.
    private var deathTime: NIODeadline {
        guard let asked else { return .distantFuture }
        return max(heard + .nanoseconds(interval.nanoseconds / 2 * 5), asked + interval)
    }

    var nextDeadline: NIODeadline { min(askTime, deathTime) }

    mutating func timePassed(to now: NIODeadline) -> Step {
        if now >= deathTime { return .dead }
        if now >= askTime { return .ping(ask(at: now)) }
        return .nothing
    }
}
