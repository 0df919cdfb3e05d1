import Synchronization

/// Whether the tunnel to the proxy is up, or the proxy answers our polls; read by `/-/ready` on another event loop.
final class Readiness: Sendable {
    private let ready = Atomic<Bool>(false)

    var isReady: Bool { ready.load(ordering: .relaxed) }
    func set(_ isReady: Bool) { ready.store(isReady, ordering: .relaxed) }
}
