import NIOCore

/// Keeps account of the scrapes that a client was handed, and of what it pushed: a value without sockets.
///
/// A scrape is *open* from `handedOut` until its push has arrived whole, has broken off, or its time and `grace` are over; then it
/// has *ended*. While the proxy is gone nothing can arrive: what is open then is *excused*, which means that it may also end
/// without a word. What arrives all the same must be right.
struct ClientLedger {
    private struct Entry {
        var plan: TargetPlan
        var handedAt: NIODeadline
        var isExcused = false
    }

    /// A push whose arrival the client could not know of may come again.
    private var ended: [UInt64: Bool] = [:]
    private var open: [UInt64: Entry] = [:]
    private let bodies: TargetBodies
    private(set) var counts = ClientSoakCounts()

    /// How long after its timeout a scrape may end: the client's own 2 s for reporting, and a busy machine's.
    static let grace = TimeAmount.seconds(4)

    init(bodies: TargetBodies) { self.bodies = bodies }

    var openCount: Int { open.count }

    func plan(_ token: UInt64) -> TargetPlan? { open[token]?.plan }

    mutating func handedOut(_ plan: TargetPlan, at now: NIODeadline) {
        open[plan.token] = Entry(plan: plan, handedAt: now)
        counts.handedOut += 1
        counts.begun[plan.behaviour, default: 0] += 1
    }

    /// The proxy closes everything: whatever is open may end without a word.
    mutating func proxyVanished() {
        for token in open.keys { open[token]?.isExcused = true }
    }

    /// The proxy did not take a push: it may end without a word, or come again.
    mutating func pushCut(id: String?) {
        guard let token = id.flatMap(TargetPlan.token(ofID:)) else { return }
        open[token]?.isExcused = true
    }

    /// - Parameter isAnswered: whether the client will learn that the push arrived; otherwise it may send it once more.
    mutating func pushArrived(_ answer: PushedAnswer, isAnswered: Bool, at now: NIODeadline) {
        guard let token = answer.id.flatMap(TargetPlan.token(ofID:)) else {
            counts.unknown += 1
            return
        }
        guard let entry = open.removeValue(forKey: token) else {
            if ended[token] == true {
                counts.repeated += 1
            } else if ended[token] == nil {
                counts.unknown += 1
            } else {
                counts.twice += 1
            }
            return
        }
        ended[token] = !isAnswered
        let elapsed = now - entry.handedAt
        counts.slowest = max(counts.slowest, Double(elapsed.nanoseconds) / 1e9)
        if isOverdue(entry, now) { counts.late += 1 }
        judge(answer, entry.plan)
    }

    private mutating func judge(_ answer: PushedAnswer, _ plan: TargetPlan) {
        if let failure = answer.failure {
            counts.reported[failure, default: 0] += 1
            if failure == plan.behaviour.failure { return }
            wrong(plan, "reported as \(failure)")
        } else if plan.behaviour.failure != nil, plan.behaviour != .announcesLess {
            wrong(plan, "pushed as a response, status \(answer.status)")
        } else if answer.isWhole, answer.status == 200, bodies.matches(answer.body, plan) {
            counts.good += 1
        } else {
            wrong(plan, "\(answer.body.readableBytes) bytes pushed, status \(answer.status), not what the target sent")
        }
    }

    /// The client broke a push off.
    mutating func pushBroke(_ answer: PushedAnswer) {
        guard let token = answer.id.flatMap(TargetPlan.token(ofID:)), let entry = open[token], !entry.isExcused else {
            return
        }
        open[token] = nil
        ended[token] = false
        if entry.plan.mayBreakOff {
            counts.brokenOff += 1
        } else {
            wrong(entry.plan, "broken off after \(answer.body.readableBytes) bytes")
        }
    }

    /// Ends what can have no answer any more.
    mutating func timePassed(_ now: NIODeadline) {
        for (token, entry) in open where isOverdue(entry, now) {
            open[token] = nil
            ended[token] = entry.isExcused
            if entry.isExcused {
                counts.excused += 1
            } else if entry.plan.mayBreakOff {
                // A reset may overtake the push's first bytes.
                counts.brokenOff += 1
            } else {
                counts.missing += 1
                wrong(entry.plan, "never pushed")
            }
        }
    }

    private func isOverdue(_ entry: Entry, _ now: NIODeadline) -> Bool {
        now > entry.handedAt + .nanoseconds(Int64(entry.plan.timeout * 1e9)) + Self.grace
    }

    private mutating func wrong(_ plan: TargetPlan, _ what: String) {
        counts.wrong[plan.behaviour, default: 0] += 1
        if counts.examples.count < ClientSoakCounts.exampleLimit {
            counts.examples.append("\(plan.description): \(what)")
        }
    }

    // MARK: Polls

    /// Trouble is over, and the client's next poll came after so long.
    mutating func recovered(after time: TimeAmount) {
        counts.recoveries += 1
        counts.slowestRecovery = max(counts.slowestRecovery, Double(time.nanoseconds) / 1e9)
    }

    mutating func troubleBegan(_ mood: ProxyMood) { counts.moods[mood, default: 0] += 1 }

    /// - Parameter allowed: how many polls are not too many in that time.
    mutating func troubleEnded(polls: Int, allowed: Int) {
        counts.pollsInTrouble += polls
        if polls > allowed { counts.hurried += 1 }
    }
}
