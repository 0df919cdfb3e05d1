import NIOCore
import Testing

@testable import Client

@Suite struct TransportChoiceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func makeChoice(_ mode: TransportMode = .auto) -> TransportChoice {
        TransportChoice(mode, backoff: Backoff(initial: .seconds(1), maximum: .seconds(5)))
    }

    /// One whose tunnel is up.
    private func makeServing(_ mode: TransportMode = .auto) -> TransportChoice {
        var choice = makeChoice(mode)
        _ = choice.started(at: start)
        _ = choice.upgraded()
        _ = choice.welcomed(at: start)
        return choice
    }

    /// One that polls, since `start`.
    private func makePolling() -> TransportChoice {
        var choice = makeChoice()
        _ = choice.started(at: start)
        _ = choice.dialFailed(.notOffered("x"), at: start, random: 0)
        return choice
    }

    /// Actions as words, so that a test reads as the list of what happens.
    private func words(_ actions: [TransportChoice.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .dial: "dial"
            case .wait(let time): "wait \(time.nanoseconds / 1_000_000) ms"
            case .startPolls: "poll"
            case .endPolls: "poll no more"
            case .setReady(let ready): ready ? "ready" : "not ready"
            case .readAccessAgain: "read access again"
            case .note(let note):
                switch note {
                case .tunnelUp: "up"
                case .tunnelUpAgain: "up again"
                case .outageBegan(let text): "outage: \(text)"
                case .pollsInstead(let text): "polls instead: \(text)"
                case .replacementFailed(let text): "no newer tunnel: \(text)"
                case .clashBegan: "clash"
                case .clashEnded: "clash over"
                }
            }
        }
    }

    @Test("A tunnel is dialled first, and no poll is made while it serves")
    func tunnelFirst() {
        var choice = makeChoice()
        #expect(words(choice.started(at: start)) == ["dial"])
        #expect(words(choice.upgraded()).isEmpty)
        #expect(words(choice.welcomed(at: start)) == ["ready", "up"])
    }

    @Test("Told to poll, the client never dials; told to use a tunnel, it never polls")
    func modes() {
        var poll = makeChoice(.poll)
        #expect(words(poll.started(at: start)) == ["poll"])
        #expect(words(poll.pollsBecame(ready: true)) == ["ready"])
        #expect(words(poll.pollOutageEnded(at: start, random: 0)).isEmpty)
        #expect(words(poll.accessChanged(at: start)).isEmpty)
        var tunnel = makeChoice(.tunnel)
        _ = tunnel.started(at: start)
        #expect(
            words(tunnel.dialFailed(.notOffered("404"), at: start, random: 0)) == ["outage: 404", "wait 500 ms"])
        #expect(words(tunnel.waited(at: start)) == ["dial"])
        #expect(words(tunnel.dialFailed(.notOffered("404"), at: start, random: 0)) == ["wait 750 ms"])
    }

    @Test("A proxy without a tunnel is polled at once, and asked for one again within ten minutes")
    func noTunnel() {
        var choice = makeChoice()
        _ = choice.started(at: start)
        #expect(
            words(choice.dialFailed(.notOffered("404"), at: start, random: 0.5)) == [
                "polls instead: 404", "poll", "wait 570000 ms",
            ])
        #expect(words(choice.pollsBecame(ready: true)) == ["ready"])
        #expect(words(choice.waited(at: start + .minutes(10))) == ["dial"])
        #expect(
            words(choice.dialFailed(.notOffered("404"), at: start + .minutes(10), random: 0)) == ["wait 600000 ms"],
            "nobody hears of a trial")
    }

    @Test("Where nobody said that there is none, polls are made, and a tunnel is asked for again after a minute")
    func unanswered() {
        var choice = makeServing()
        _ = choice.tunnelEnded(.broken("silent"), at: start + .minutes(1), random: 0)
        _ = choice.waited(at: start + .minutes(1))
        #expect(
            words(choice.dialFailed(.unanswered("silence"), at: start + .minutes(1), random: 0.5)) == [
                "polls instead: silence", "poll", "wait 63000 ms",
            ])
        _ = choice.waited(at: start + .minutes(2))
        #expect(
            words(choice.dialFailed(.unanswered("silence"), at: start + .minutes(2), random: 0)) == ["wait 60000 ms"])
        _ = choice.waited(at: start + .minutes(3))
        let busy = NoTunnel.busy(retryAfter: nil, "busy")
        #expect(words(choice.dialFailed(busy, at: start + .minutes(3), random: 0)) == ["wait 60000 ms"])
        _ = choice.waited(at: start + .minutes(4))
        #expect(words(choice.dialFailed(.notOffered("404"), at: start + .minutes(4), random: 0)) == ["wait 600000 ms"])
    }

    @Test("A tunnel that comes about takes the polls' place: the open one is the last, and the client stays ready")
    func backToTheTunnel() {
        var choice = makePolling()
        _ = choice.pollsBecame(ready: true)
        _ = choice.waited(at: start + .minutes(10))
        #expect(words(choice.upgraded()) == ["poll no more"])
        #expect(words(choice.pollsBecame(ready: false)).isEmpty)
        #expect(words(choice.welcomed(at: start + .minutes(10))) == ["up again"])
        #expect(words(choice.pollsBecame(ready: true)).isEmpty, "the last poll says nothing about the tunnel")
        #expect(
            words(choice.tunnelEnded(.broken("x"), at: start + .minutes(20), random: 0)).prefix(1) == ["not ready"])
    }

    @Test("A tunnel that dies before it is welcomed gives the polls their place back")
    func trialDies() {
        var choice = makePolling()
        _ = choice.pollsBecame(ready: true)
        _ = choice.waited(at: start + .minutes(10))
        _ = choice.upgraded()
        #expect(
            words(choice.dialFailed(.broken("x"), at: start + .minutes(10), random: 0)) == ["poll", "wait 600000 ms"])
    }

    @Test("Polls that come back after an outage are a reason to dial, once in a minute at most")
    func outageOfPolls() {
        var choice = makePolling()
        #expect(words(choice.pollOutageEnded(at: start + .seconds(20), random: 0)) == ["wait 40000 ms"])
        #expect(words(choice.pollOutageEnded(at: start + .seconds(60), random: 0)) == ["dial"])
        #expect(words(choice.pollOutageEnded(at: start + .seconds(61), random: 0)).isEmpty, "it is being dialled")
    }

    @Test("A proxy that can't be reached is dialled with growing waits: a poll would not reach it either")
    func unreachable() {
        var choice = makeChoice()
        _ = choice.started(at: start)
        #expect(
            words(choice.dialFailed(.unreachable("refused"), at: start, random: 0)) == [
                "outage: refused", "wait 500 ms",
            ])
        _ = choice.waited(at: start)
        #expect(words(choice.dialFailed(.unreachable("refused"), at: start, random: 0)) == ["wait 750 ms"])
        _ = choice.waited(at: start)
        _ = choice.upgraded()
        #expect(words(choice.welcomed(at: start)) == ["ready", "up again"])
    }

    @Test("A tunnel that is lost is dialled again within the first wait; after that, waits grow")
    func lost() {
        var choice = makeServing()
        let later = start + .seconds(60)
        #expect(
            words(choice.tunnelEnded(.broken("cut"), at: later, random: 0.25)) == [
                "not ready", "outage: cut", "wait 250 ms",
            ])
        #expect(words(choice.waited(at: later)) == ["dial"])
        #expect(words(choice.dialFailed(.unreachable("x"), at: later, random: 0)) == ["wait 500 ms"])
    }

    @Test("Three tunnels in a row that die within five seconds: polls from then on")
    func deaths() {
        var choice = makeServing()
        for wait in [500, 750] {
            #expect(
                words(choice.tunnelEnded(.broken("cut"), at: start + .seconds(4), random: 0)).last == "wait \(wait) ms")
            _ = choice.waited(at: start)
            _ = choice.upgraded()
            _ = choice.welcomed(at: start)
        }
        #expect(
            words(choice.tunnelEnded(.broken("cut"), at: start + .seconds(4), random: 0)) == [
                "not ready", "polls instead: cut", "poll", "wait 600000 ms",
            ])
        _ = choice.waited(at: start + .minutes(10))
        _ = choice.upgraded()
        _ = choice.welcomed(at: start + .minutes(10))
        #expect(
            words(choice.tunnelEnded(.broken("cut"), at: start + .minutes(10), random: 0)).contains("poll"),
            "one more is enough")
    }

    @Test("A tunnel that lives for five seconds makes good for those that did not")
    func lives() {
        var choice = makeServing()
        for life in [4, 4, 5, 4, 4] as [Int64] {
            let actions = words(choice.tunnelEnded(.broken("cut"), at: start + .seconds(life), random: 0))
            #expect(!actions.contains("poll"))
            _ = choice.waited(at: start)
            _ = choice.upgraded()
            _ = choice.welcomed(at: start)
        }
    }

    @Test("A client that is denied has its files read again, and tries whether it may poll")
    func denied() {
        var choice = makeChoice()
        _ = choice.started(at: start)
        #expect(
            words(choice.dialFailed(.denied("401"), at: start, random: 0)) == [
                "read access again", "polls instead: 401", "poll", "wait 600000 ms",
            ])
        #expect(words(choice.accessChanged(at: start)) == ["dial"])
        var tunnel = makeServing(.tunnel)
        #expect(
            words(tunnel.tunnelEnded(.denied("403"), at: start + .seconds(9), random: 0)) == [
                "read access again", "not ready", "outage: 403", "wait 500 ms",
            ])
    }

    @Test("A busy proxy says how long to wait; after a minute of it polls are tried")
    func busy() {
        var choice = makeChoice()
        _ = choice.started(at: start)
        #expect(
            words(choice.dialFailed(.busy(retryAfter: .seconds(3), "full"), at: start, random: 0)) == [
                "outage: full", "wait 3000 ms",
            ])
        _ = choice.waited(at: start)
        #expect(words(choice.dialFailed(.busy(retryAfter: nil, "full"), at: start, random: 0)) == ["wait 750 ms"])
        _ = choice.waited(at: start)
        #expect(
            words(choice.dialFailed(.busy(retryAfter: nil, "full"), at: start + .minutes(1), random: 0)).contains(
                "poll"))
    }

    @Test(
        "A proxy that drains is dialled anew, a little later for each client, and the client stays ready unless that fails"
    )
    func drained() {
        var choice = makeServing()
        let later = start + .seconds(60)
        #expect(words(choice.drained(at: later, random: 0.5)) == ["wait 500 ms"])
        #expect(words(choice.tunnelEnded(.broken("closed"), at: later, random: 0)).isEmpty, "it has no part any more")
        #expect(words(choice.waited(at: later)) == ["dial"])
        var replaced = choice
        _ = replaced.upgraded()
        #expect(words(replaced.welcomed(at: later)).isEmpty, "nothing has changed for anybody")
        #expect(
            words(choice.dialFailed(.busy(retryAfter: .seconds(1), "leaving"), at: later, random: 0)) == [
                "not ready", "outage: leaving", "wait 1000 ms",
            ])
    }

    @Test("What the client shows has changed: a newer tunnel takes the place of the old one, which serves until then")
    func rotation() {
        var choice = makeServing()
        #expect(words(choice.accessChanged(at: start)) == ["dial"])
        #expect(
            words(choice.dialFailed(.denied("401"), at: start, random: 0)) == [
                "read access again", "no newer tunnel: 401", "wait 500 ms",
            ])
        _ = choice.waited(at: start)
        #expect(words(choice.dialFailed(.denied("401"), at: start, random: 0)) == ["read access again", "wait 750 ms"])
        #expect(words(choice.accessChanged(at: start)) == ["dial"])
        _ = choice.upgraded()
        #expect(words(choice.welcomed(at: start)).isEmpty)
    }

    @Test("What changes while a tunnel is being dialled is shown to the proxy by the next one, at once")
    func staleDial() {
        var choice = makeChoice()
        _ = choice.started(at: start)
        _ = choice.accessChanged(at: start)
        #expect(words(choice.dialFailed(.denied("401"), at: start, random: 0)) == ["dial"])
        _ = choice.upgraded()
        _ = choice.accessChanged(at: start)
        #expect(words(choice.welcomed(at: start)) == ["ready", "up", "dial"])
        _ = choice.upgraded()
        #expect(words(choice.welcomed(at: start)).isEmpty)
    }

    @Test("Two clients with one FQDN wait longer each time, and say so once until it has been quiet for two minutes")
    func clash() {
        var choice = makeServing()
        #expect(
            words(choice.tunnelEnded(.superseded, at: start, random: 0)) == ["not ready", "clash", "wait 500 ms"])
        _ = choice.waited(at: start)
        _ = choice.upgraded()
        #expect(words(choice.welcomed(at: start)) == ["ready", "wait 120000 ms"])
        #expect(words(choice.tunnelEnded(.superseded, at: start, random: 0)) == ["not ready", "wait 750 ms"])
        _ = choice.waited(at: start)
        _ = choice.upgraded()
        _ = choice.welcomed(at: start)
        #expect(words(choice.waited(at: start + .seconds(100))) == ["wait 20000 ms"])
        #expect(words(choice.waited(at: start + .seconds(120))) == ["clash over"])
    }

    @Test("Stopped, nothing happens any more")
    func stopped() {
        var choice = makeServing()
        #expect(words(choice.stopped()) == ["not ready"])
        #expect(choice.tunnelEnded(.broken("x"), at: start, random: 0).isEmpty)
        #expect(choice.drained(at: start, random: 0).isEmpty)
        #expect(choice.accessChanged(at: start).isEmpty)
        #expect(choice.waited(at: start).isEmpty)
        #expect(choice.pollsBecame(ready: true).isEmpty)
        #expect(choice.pollOutageEnded(at: start, random: 0).isEmpty)
    }
}
