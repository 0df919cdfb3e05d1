import Logging
import NIOCore
import Tunnel

/// What all tunnels of a listener share.
struct TunnelService: Sendable {
    let dispatcher: Dispatcher
    /// Who may be whom.
    var access: AccessDesk
    let metrics: ProxyMetrics
    let agents: AgentNames
    let settings: TunnelSettings
    let clocks: TunnelClocks
    /// The largest head of a response that is taken; bytes.
    let maxHeadBytes: Int
    let logger: Logger
}
