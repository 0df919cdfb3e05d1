import TestKit
import Testing
import Wire

@testable import Proxy

@Suite struct ClashTests {
    private func news(_ actions: [BrokerAction<NumberPorts>]) -> [Bool] {
        actions.facts.compactMap { if case .clash(_, _, let isNews) = $0 { isNews } else { nil } }
    }

    @Test("Two processes with one FQDN are a clash, and news once")
    func clash() {
        var it = Brokered()
        let (first, second) = (InstanceID(), InstanceID())
        _ = it.poll(1, "a", instance: first)
        let actions = it.poll(2, "a", instance: second)
        #expect(actions.decisions == [.endDelivery(1, .clash)])
        #expect(news(actions) == [true])
        #expect(news(it.poll(3, "a", instance: first)) == [false])
        #expect(news(it.poll(4, "a", instance: InstanceID())) == [true])
    }

    @Test("Several processes with one FQDN are news once for each pair, whatever the order they come in")
    func clashOfMany() {
        var it = Brokered()
        let instances = (0..<4).map { _ in InstanceID() }
        var random = Seeded(7)
        var number = 0
        var count = 0
        for _ in 0..<1000 {
            number += 1
            count += news(it.poll(number, "a", instance: instances.randomElement(using: &random))).filter(\.self).count
        }
        #expect(count == 6)
    }

    @Test("Made-up processes are not news each, and none of them is again within the hour")
    func clashOfMadeUp() {
        var it = Brokered()
        var count = 0
        for number in 0..<3000 {
            count += news(it.poll(number, "a", instance: InstanceID())).filter(\.self).count
        }
        #expect(count == KnownClashes.maxPairs)
        #expect(news(it.poll(3000, "a", instance: InstanceID(), at: 3599)) == [false])
        #expect(news(it.poll(3001, "a", instance: InstanceID(), at: 3600)) == [true])
    }

    @Test("A poll that does not say which process it is, beside one that does, is a clash; two that don't are none")
    func clashWithUpstream() {
        var it = Brokered()
        let ours = InstanceID()
        _ = it.poll(1, "a", instance: ours)
        let taken = it.poll(2, "a")
        #expect(taken.decisions == [.endDelivery(1, .clash)])
        #expect(news(taken) == [true])
        let takenBack = it.poll(3, "a", instance: ours)
        #expect(takenBack.decisions == [.endDelivery(2, .clash)])
        #expect(news(takenBack) == [false])
        _ = it.poll(4, "b")
        #expect(it.poll(5, "b").decisions == [.endDelivery(4, .superseded)])
    }
}
