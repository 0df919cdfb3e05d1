import Logging
import NIOCore
import Synchronization

/// All handshakes of a program, over all of its listeners and event loops: the shell around `HandshakeGate`.
///
/// Its lock is taken a few times for each handshake, which costs a thousand times more.
public final class Handshakes: Sendable {
    /// How many may be under way by default for each core.
    ///
    /// Enough that a fleet of distant clients comes back fast: 256 on two cores, at 300 ms for each of two round trips, are 430 a
    /// second. Few enough that they take no more than some 20 MB, and that all of them doing their costly step (0.2 ms with an
    /// ECDSA key, 1.5 ms with RSA) in one turn of the event loops hold up scrapes by less than a quarter of a second.
    public static let defaultPerCore = 128

    private struct Member: Sendable {
        let loop: any EventLoop
        let door: NIOLoopBound<TLSDoor>
    }

    private struct State {
        var gate: HandshakeGate
        var members: [HandshakeGate.ID: Member] = [:]
        var isSweeping = false
    }

    private let state: Mutex<State>
    private let loop: any EventLoop
    private let interval: TimeAmount
    let metrics: TLSMetrics
    let logger: Logger
    let refused: @Sendable (RefusedCertificate) -> Void

    /// - Parameters:
    ///   - limit: How many may be under way at once, at least 1.
    ///   - patience: How long a connection may take from being accepted to the end of its handshake.
    ///   - loop: Where the sweep runs that finds those which take longer.
    ///   - refused: Hears of all who don't get in because of their certificates, on the event loops of their connections.
    public init(
        limit: Int, patience: TimeAmount, on loop: any EventLoop, metrics: TLSMetrics, logger: Logger,
        refused: @escaping @Sendable (RefusedCertificate) -> Void = { _ in }
    ) {
        state = Mutex(State(gate: HandshakeGate(places: max(1, limit), patience: patience)))
        self.loop = loop
        interval = .nanoseconds(max(min(patience.nanoseconds / 16, 1_000_000_000), 5_000_000))
        self.metrics = metrics
        self.logger = logger
        self.refused = refused
    }

    /// - Parameters:
    ///   - door: On the calling thread's event loop, `loop`.
    ///   - address: Where it comes from: those of one address take turns with those of others.
    func accepted(_ door: TLSDoor, from address: String?, on loop: any EventLoop) -> HandshakeGate.ID {
        let address = AddressTable.key(address) ?? []
        let (id, begins) = state.withLock { state in
            let id = state.gate.accepted(from: address, at: .now())
            state.members[id] = Member(loop: loop, door: NIOLoopBound(door, eventLoop: loop))
            defer { state.isSweeping = true }
            return (id, !state.isSweeping)
        }
        if begins { sweepLater() }
        return id
    }

    /// - Returns: Whether to begin at once; otherwise the door is told when, unless it leaves.
    func helloArrived(_ id: HandshakeGate.ID) -> Bool {
        let begins = state.withLock { state in
            defer { show(state.gate) }
            return state.gate.helloArrived(id, at: .now())
        }
        // Somebody else's place may be its own already.
        if !begins { change { $0.gate.timePassed(at: .now()) } }
        return begins
    }

    func left(_ id: HandshakeGate.ID) {
        change { state in
            state.members[id] = nil
            return state.gate.left(id, at: .now())
        }
    }

    private func sweepLater() {
        _ = loop.scheduleTask(in: interval) { self.sweep() }
    }

    private func sweep() {
        change { $0.gate.timePassed(at: .now()) }
        let goesOn = state.withLock { state in
            state.isSweeping = state.gate.count > 0
            return state.isSweeping
        }
        if goesOn { sweepLater() }
    }

    private func change(_ event: (inout State) -> [HandshakeGate.Action]) {
        let told = state.withLock { state in
            let actions = event(&state)
            show(state.gate)
            return actions.compactMap { action in
                switch action {
                case .begin(let id): state.members[id].map { (action, $0) }
                case .giveUp(let id): state.members.removeValue(forKey: id).map { (action, $0) }
                }
            }
        }
        // Never from inside the event of another connection.
        for (action, member) in told {
            member.loop.execute {
                switch action {
                case .begin: member.door.value.begin()
                case .giveUp: member.door.value.giveUp()
                }
            }
        }
    }

    private func show(_ gate: borrowing HandshakeGate) {
        metrics.underWay.set(gate.shakingCount)
        metrics.waiting.set(gate.waitingCount)
    }
}
