import NIOCore
import Tunnel
import Web
import Wire

/// What all tunnels of a listener share.
final class TunnelService: Sendable {
    let dispatcher: Dispatcher
    let access: AccessDesk
    let metrics: ProxyMetrics
    let agents: AgentNames
    let settings: TunnelSettings
    /// The largest head of a response that is taken; bytes.
    let maxHeadBytes: Int

    init(
        dispatcher: Dispatcher, access: AccessDesk, metrics: ProxyMetrics, agents: AgentNames,
        settings: TunnelSettings, maxHeadBytes: Int
    ) {
        self.dispatcher = dispatcher
        self.access = access
        self.metrics = metrics
        self.agents = agents
        self.settings = settings
        self.maxHeadBytes = maxHeadBytes
    }

    /// The same, where others decide.
    func with(_ access: AccessDesk) -> TunnelService {
        TunnelService(
            dispatcher: dispatcher, access: access, metrics: metrics, agents: agents, settings: settings,
            maxHeadBytes: maxHeadBytes)
    }
}
