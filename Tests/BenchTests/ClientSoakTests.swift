import NIOCore
import TestKit
import Testing

@testable import Bench

@Suite("What a soak of a client keeps account of")
struct ClientSoakTests {
    private let bodies = TargetBodies()

    private func plan(_ token: UInt64, _ behaviours: TargetBehaviour...) -> TargetPlan {
        var random = SeededRandom(seed: token)
        return TargetPlan(token: token, behaviours: behaviours, random: &random)
    }

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds) * 1_000_000_000) }

    /// What a client pushes for `plan` when all is well, or a part of it.
    private func push(_ plan: TargetPlan, changing change: (inout ByteBuffer) -> Void = { _ in }) -> PushedAnswer {
        var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\nId: \(plan.id)\r\nContent-Length: \(plan.wholeSize)\r\n\r\n")
        for piece in bodies.body(plan, size: plan.wholeSize) { bytes.writeImmutableBuffer(piece) }
        change(&bytes)
        return PushedAnswer(bytes, ended: true)
    }

    private func report(_ plan: TargetPlan, _ failure: String) -> PushedAnswer {
        PushedAnswer(
            ByteBuffer(
                string:
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nX-Pushprox-Failure: \(failure)\r\nId: \(plan.id)\r\n\r\n"
            ), ended: true)
    }

    private func ledger(_ plans: TargetPlan...) -> ClientLedger {
        var ledger = ClientLedger(bodies: bodies)
        for plan in plans { ledger.handedOut(plan, at: time(1)) }
        return ledger
    }

    @Test("A response that was pushed byte for byte is good, and one with a byte changed or missing is not")
    func bytes() {
        let plan = plan(1, .closes)
        var good = ledger(plan)
        good.pushArrived(push(plan), isAnswered: true, at: time(2))
        #expect(good.counts.good == 1)
        #expect(good.counts.wrong.isEmpty)
        #expect(good.openCount == 0)
        var changed = ledger(plan)
        changed.pushArrived(
            push(plan) { $0.setInteger(UInt8(1), at: $0.writerIndex - 1) }, isAnswered: true, at: time(2))
        #expect(changed.counts.wrong == [.closes: 1])
        var short = ledger(plan)
        short.pushArrived(push(plan) { $0.moveWriterIndex(to: $0.writerIndex - 1) }, isAnswered: true, at: time(2))
        #expect(short.counts.wrong == [.closes: 1])
        #expect(short.counts.examples.count == 1)
    }

    @Test("A failure is right when it is the target's")
    func failures() {
        let (stalls, answers) = (plan(1, .stalls), plan(2, .answers))
        var ledger = ledger(stalls, answers)
        ledger.pushArrived(report(stalls, "target_timeout"), isAnswered: true, at: time(2))
        #expect(ledger.counts.wrong.isEmpty)
        ledger.pushArrived(report(answers, "target_timeout"), isAnswered: true, at: time(2))
        #expect(ledger.counts.wrong == [.answers: 1])
        #expect(ledger.counts.reported == ["target_timeout": 2])
    }

    @Test("A push that comes again is one too many, unless the first could not be known to have arrived")
    func again() {
        let plan = plan(1, .answers)
        var answered = ledger(plan)
        for _ in 0..<2 { answered.pushArrived(push(plan), isAnswered: true, at: time(2)) }
        #expect(answered.counts.twice == 1)
        var unanswered = ledger(plan)
        for _ in 0..<2 { unanswered.pushArrived(push(plan), isAnswered: false, at: time(2)) }
        #expect(unanswered.counts.twice == 0)
        #expect(unanswered.counts.repeated == 1)
        var never = ledger()
        never.pushArrived(push(plan), isAnswered: true, at: time(2))
        #expect(never.counts.unknown == 1)
    }

    @Test("A scrape of which nothing comes is lost, unless the proxy was gone")
    func nothing() {
        let plan = plan(1, .answers)
        var lost = ledger(plan)
        lost.timePassed(time(5))
        #expect(lost.openCount == 1)
        lost.timePassed(time(11))
        #expect(lost.counts.missing == 1)
        #expect(lost.counts.wrong == [.answers: 1])
        var excused = ledger(plan)
        excused.proxyVanished()
        excused.timePassed(time(11))
        #expect(excused.counts.missing == 0)
        #expect(excused.counts.excused == 1)
        var cut = ledger(plan)
        cut.pushCut(id: plan.id)
        cut.timePassed(time(11))
        #expect(cut.counts.excused == 1)
    }

    @Test("What comes after the proxy was gone must be right all the same")
    func afterwards() {
        let plan = plan(1, .answers)
        var ledger = ledger(plan)
        ledger.proxyVanished()
        ledger.pushArrived(report(plan, "target_broken"), isAnswered: true, at: time(2))
        #expect(ledger.counts.wrong == [.answers: 1])
    }

    @Test("A push may be broken off for a target that broke off late, and for no other")
    func brokenOff() {
        let (endless, answers) = (plan(1, .endlessBody), plan(2, .answers))
        var ledger = ledger(endless, answers)
        for plan in [endless, answers] {
            ledger.pushBroke(
                PushedAnswer(ByteBuffer(string: "HTTP/1.1 200 OK\r\nId: \(plan.id)\r\n\r\nhalf"), ended: false))
        }
        #expect(ledger.counts.brokenOff == 1)
        #expect(ledger.counts.wrong == [.answers: 1])
    }

    @Test("A push after the scrape's time and its grace is late")
    func late() {
        let plan = plan(1, .answers)
        var ledger = ledger(plan)
        ledger.pushArrived(push(plan), isAnswered: true, at: time(11))
        #expect(ledger.counts.late == 1)
        #expect(ledger.counts.slowest == 10)
    }

    @Test(
        "In whatever order things happen, every scrape that was handed out is open or has ended once", arguments: 1...20
    )
    func walk(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var ledger = ClientLedger(bodies: bodies)
        var plans: [TargetPlan] = []
        for step in 0..<400 {
            let now = time(Int64(step / 8) + 1)
            let token = UInt64.random(in: 1...UInt64(max(1, plans.count)), using: &random)
            let plan = plans.isEmpty ? plan(token, .answers) : plans[Int(token) - 1]
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                plans.append(self.plan(UInt64(plans.count) + 1, .drips, .stalls, .endlessBody))
                ledger.handedOut(plans[plans.count - 1], at: now)
            case 2, 3:
                let isAnswered = Bool.random(using: &random)
                let answer = plan.behaviour.failure.map { report(plan, $0) } ?? push(plan)
                ledger.pushArrived(answer, isAnswered: isAnswered, at: now)
            case 4: ledger.pushBroke(push(plan))
            case 5: ledger.timePassed(now)
            case 6: ledger.pushCut(id: plan.id)
            default: if step % 7 == 0 { ledger.proxyVanished() }
            }
            let counts = ledger.counts
            let ended =
                counts.good + counts.reported.values.reduce(0, +) + counts.brokenOff + counts.excused
                + counts.wrong.values.reduce(0, +)
            #expect(counts.handedOut == ledger.openCount + ended)
            #expect(counts.handedOut == plans.count)
        }
    }

    @Test("A push is taken apart in every framing, as far as it came")
    func pushes() {
        func answer(_ text: String, ended: Bool) -> PushedAnswer {
            PushedAnswer(ByteBuffer(string: text), ended: ended)
        }
        let chunked = answer(
            "HTTP/1.1 200 OK\r\nId: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            ended: true)
        #expect(chunked.isWhole && chunked.id == "a" && String(buffer: chunked.body) == "hello")
        #expect(answer("HTTP/1.1 200 OK\r\nId: a\r\n\r\nhello", ended: true).isWhole)
        #expect(!answer("HTTP/1.1 200 OK\r\nId: a\r\n\r\nhello", ended: false).isWhole)
        #expect(!answer("HTTP/1.1 200 OK\r\nId: a\r\nContent-Length: 6\r\n\r\nhello", ended: true).isWhole)
        #expect(answer("HTTP/1.1 200 OK\r\nId: a\r", ended: false).id == nil)
        #expect(!answer("no HTTP at all\r\n\r\n", ended: true).isWhole)
    }

    @Test("One seed gives the same plans and moods, all behaviours among them, in their bounds")
    func seeds() {
        func plans() -> [TargetPlan] {
            var random = SeededRandom(seed: 4)
            return (1...2_000).map {
                TargetPlan(token: $0, behaviours: TargetBehaviour.allCases, random: &random)
            }
        }
        #expect(plans() == plans())
        #expect(Set(plans().map(\.behaviour)) == Set(TargetBehaviour.allCases))
        #expect(plans().allSatisfy { (1...1_000_000).contains($0.size) && (1...$0.size).contains($0.wholeSize) })
        #expect(plans().filter { $0.behaviour == .closes && (64_000...132_000).contains($0.size) }.count > 100)
        func moods() -> [ProxyMood] {
            var schedule = MoodSchedule(seed: 4)
            return (0..<200).map { _ in schedule.next().mood }
        }
        #expect(moods() == moods())
        #expect(Set(moods()) == Set(ProxyMood.allCases))
        for (index, mood) in moods().enumerated() { #expect((mood == .serves) == (index % 2 == 0)) }
    }

    @Test("The body of a target is as large as it is asked for, and begins with what names the scrape")
    func targetBodies() {
        let plan = plan(7, .answers)
        for size in [1, 20, 60, 100_000] {
            #expect(bodies.body(plan, size: size).reduce(0) { $0 + $1.readableBytes } == size)
        }
        #expect(String(buffer: bodies.body(plan, size: 500)[0]).contains(" 7 500\n"))
    }
}
