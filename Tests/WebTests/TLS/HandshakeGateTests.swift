import NIOCore
import TestKit
import Testing

@testable import Web

/// A gate that expectations can change.
private final class Driven {
    private var gate: HandshakeGate

    init(places: Int, patience: TimeAmount) {
        gate = HandshakeGate(places: places, patience: patience)
    }

    var count: Int { gate.count }
    var waitingCount: Int { gate.waitingCount }
    var shakingCount: Int { gate.shakingCount }

    func accepted(_ address: UInt8 = 1, at now: NIODeadline) -> HandshakeGate.ID {
        gate.accepted(from: [address], at: now)
    }
    func helloArrived(_ id: HandshakeGate.ID, at now: NIODeadline) -> Bool {
        gate.helloArrived(id, at: now)
    }
    func left(_ id: HandshakeGate.ID, at now: NIODeadline) -> [HandshakeGate.Action] {
        gate.left(id, at: now)
    }
    func timePassed(at now: NIODeadline) -> [HandshakeGate.Action] { gate.timePassed(at: now) }
}

@Suite struct HandshakeGateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("Who comes when all places are taken waits, and goes in as it came")
    func order() {
        let gate = Driven(places: 1, patience: .seconds(10))
        let ids = (0..<3).map { _ in gate.accepted(at: start) }
        #expect(gate.helloArrived(ids[0], at: start))
        #expect(!gate.helloArrived(ids[2], at: start))
        #expect(!gate.helloArrived(ids[1], at: start))
        #expect(gate.waitingCount == 2)
        #expect(gate.left(ids[0], at: start) == [.begin(ids[2])])
        #expect(gate.left(ids[2], at: start) == [.begin(ids[1])])
        #expect(gate.left(ids[1], at: start) == [])
        #expect(gate.count == 0)
    }

    @Test(
        "Thousands that wait from one address hold up another's handshake by one; of one address who came first goes first"
    )
    func turns() {
        let gate = Driven(places: 1, patience: .seconds(10))
        let many = (0..<3000).map { _ in gate.accepted(1, at: start) }
        for (index, id) in many.enumerated() {
            #expect(gate.helloArrived(id, at: start) == (index == 0))
        }
        let others = (0..<2).map { _ in gate.accepted(2, at: start) }
        for id in others { #expect(!gate.helloArrived(id, at: start)) }
        #expect(gate.left(many[0], at: start) == [.begin(many[1])])
        // Who waits no more is passed over, and has no turn.
        #expect(gate.left(many[2], at: start) == [])
        #expect(gate.left(many[1], at: start) == [.begin(others[0])])
        #expect(gate.left(others[0], at: start) == [.begin(many[3])])
        #expect(gate.left(many[3], at: start) == [.begin(others[1])])
        #expect(gate.left(others[1], at: start) == [.begin(many[4])])
        #expect(gate.timePassed(at: start + .seconds(10)).count == 2996)
        #expect(gate.count == 0 && gate.waitingCount == 0)
    }

    @Test(
        "An address that has most places gives one up to another that waits, early, and no more than evens them out"
    )
    func shares() {
        let gate = Driven(places: 4, patience: .seconds(32))
        let hoards = (0..<6).map { _ in gate.accepted(1, at: start) }
        for (index, id) in hoards.enumerated() {
            #expect(gate.helloArrived(id, at: start) == (index < 4))
        }
        let others = (0..<3).map { _ in gate.accepted(2, at: start) }
        for id in others { #expect(!gate.helloArrived(id, at: start)) }
        #expect(gate.timePassed(at: start + .milliseconds(999)) == [])
        #expect(
            gate.timePassed(at: start + .seconds(1)) == [
                .giveUp(hoards[0]), .begin(others[0]), .giveUp(hoards[1]), .begin(others[1]),
            ])
        #expect(gate.timePassed(at: start + .seconds(2)) == [])
        // A third address takes of either.
        let third = gate.accepted(3, at: start + .seconds(2))
        #expect(!gate.helloArrived(third, at: start + .seconds(2)))
        let actions = gate.timePassed(at: start + .seconds(2))
        #expect(actions.count == 2 && actions.last == .begin(third))
        #expect(gate.shakingCount == 4 && gate.waitingCount == 3)
    }

    @Test("Who has not said hello takes no place, and is given up in time")
    func silence() {
        let gate = Driven(places: 1, patience: .seconds(10))
        let silent = gate.accepted(at: start)
        let other = gate.accepted(at: start + .seconds(1))
        #expect(gate.helloArrived(other, at: start + .seconds(1)))
        #expect(gate.timePassed(at: start + .nanoseconds(9_999_999_999)) == [])
        #expect(gate.timePassed(at: start + .seconds(10)) == [.giveUp(silent)])
        #expect(!gate.helloArrived(silent, at: start + .seconds(10)))
        #expect(gate.timePassed(at: start + .seconds(11)) == [.giveUp(other)])
        #expect(gate.shakingCount == 0)
    }

    @Test("A handshake that drags on is given up early when others wait, and not when nobody does")
    func haste() {
        let gate = Driven(places: 2, patience: .seconds(8))
        let slow = gate.accepted(at: start)
        let slower = gate.accepted(at: start)
        #expect(gate.helloArrived(slow, at: start))
        #expect(gate.helloArrived(slower, at: start))
        #expect(gate.timePassed(at: start + .seconds(3)) == [])
        let next = gate.accepted(at: start + .seconds(3))
        #expect(!gate.helloArrived(next, at: start + .seconds(3)))
        // One waits, so one goes.
        #expect(gate.timePassed(at: start + .seconds(3)) == [.giveUp(slow), .begin(next)])
        #expect(gate.timePassed(at: start + .seconds(3)) == [])
    }

    @Test(
        "Whatever peers do in whatever order: never too many at once, all are served or given up in time, nothing is left behind",
        arguments: 0..<40 as Range<UInt64>)
    func walk(seed: UInt64) {
        var random = Seeded(seed)
        let places = Int.random(in: 1...5, using: &random)
        let patience = Int64.random(in: 4...40, using: &random)
        let gate = Driven(places: places, patience: .seconds(patience))
        var now = start
        /// Those that neither left nor were given up, and since when.
        var known: [HandshakeGate.ID: NIODeadline] = [:]
        var greeting: Set<HandshakeGate.ID> = []
        var shaking: Set<HandshakeGate.ID> = []
        var gone: [HandshakeGate.ID] = []
        var addresses: [HandshakeGate.ID: UInt8] = [:]
        /// In the order of their hellos.
        var line: [HandshakeGate.ID] = []
        /// How many of other addresses, with no fewer places, went in since somebody came to stand first of those of their own.
        var passed: [HandshakeGate.ID: [UInt8: Int]] = [:]
        var served = 0

        func perform(_ actions: [HandshakeGate.Action]) {
            for action in actions {
                switch action {
                case .begin(let id):
                    #expect(known[id] != nil && !greeting.contains(id) && !shaking.contains(id))
                    let address = addresses[id]
                    #expect(line.first { addresses[$0] == address } == id, "it jumped its queue")
                    line.removeAll { $0 == id }
                    for first in firsts()
                    where addresses[first] != address && held(address) >= held(addresses[first]) {
                        passed[first, default: [:]][address ?? 0, default: 0] += 1
                        #expect(
                            passed[first]?[address ?? 0] ?? 0 <= 1, "an address went in twice before this one")
                    }
                    shaking.insert(id)
                case .giveUp(let id):
                    guard let since = known.removeValue(forKey: id) else {
                        Issue.record("given up twice, or after it left")
                        continue
                    }
                    let isLate = since + .seconds(patience) <= now
                    #expect(isLate || (shaking.contains(id) && !line.isEmpty), "given up too early")
                    forget(id)
                }
                #expect(shaking.count <= places)
            }
        }
        func held(_ address: UInt8?) -> Int { shaking.count { addresses[$0] == address } }
        /// Who stands first of each address.
        func firsts() -> [HandshakeGate.ID] {
            var seen: Set<UInt8> = []
            return line.filter { seen.insert(addresses[$0] ?? 0).inserted }
        }
        func forget(_ id: HandshakeGate.ID) {
            greeting.remove(id)
            shaking.remove(id)
            line.removeAll { $0 == id }
            gone.append(id)
        }

        for _ in 0..<3000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                let address = UInt8.random(in: 0...3, using: &random)
                let id = gate.accepted(address, at: now)
                addresses[id] = address
                known[id] = now
                greeting.insert(id)
            case 3..<6:
                // Early, late, or a second time.
                guard let id = (Array(known.keys) + gone.suffix(3)).randomElement(using: &random) else {
                    continue
                }
                let wasGreeting = greeting.remove(id) != nil
                if gate.helloArrived(id, at: now) {
                    #expect(wasGreeting)
                    #expect(line.isEmpty, "it jumped the queue")
                    shaking.insert(id)
                } else if wasGreeting {
                    #expect(shaking.count == places, "it waits though there is a place")
                    line.append(id)
                }
            case 6..<8:
                guard let id = (Array(known.keys) + gone.suffix(3)).randomElement(using: &random) else {
                    continue
                }
                if known.removeValue(forKey: id) != nil {
                    if shaking.contains(id) { served += 1 }
                    forget(id)
                }
                perform(gate.left(id, at: now))
            default:
                now = now + .milliseconds(Int64.random(in: 0...2000, using: &random))
                perform(gate.timePassed(at: now))
                #expect(
                    known.values.allSatisfy { $0 + .seconds(patience) > now },
                    "somebody waits beyond their time")
            }
            #expect(gate.count == known.count)
            #expect(gate.shakingCount == shaking.count && shaking.count <= places)
            #expect(gate.waitingCount == line.count)
            #expect(line.isEmpty || shaking.count == places)
        }
        #expect(served > 0)
        now = now + .seconds(patience)
        perform(gate.timePassed(at: now))
        #expect(gate.count == 0 && gate.waitingCount == 0 && gate.shakingCount == 0)
    }
}
