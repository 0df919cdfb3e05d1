import Flags

/// What one listener is: where it listens, what stands between its sockets and its requests, who may do what, and what serves them. Limits
/// are the `WebService`'s, over all listeners of a program.
public struct ListenerConfiguration: Sendable {
    public var address: ListenAddress
    /// For people and for `Peer.listener`.
    public var name: String
    public var router: any Router
    public var admission: any Admission
    /// From the socket inwards.
    public var steps: [any ChannelStep]
    /// Response headers and rate limit; TLS and users come in through `steps` and `admission`.
    public var settings: WebConfigurationSource?

    public init(
        address: ListenAddress, name: String = "web", router: any Router, admission: any Admission = OpenAdmission(),
        steps: [any ChannelStep] = [], settings: WebConfigurationSource? = nil
    ) {
        self.address = address
        self.name = name
        self.router = router
        self.admission = admission
        self.steps = steps
        self.settings = settings
    }
}

/// What all connections of one listener share.
final class ListenerContext: Sendable {
    let service: WebService
    let name: String
    let router: any Router
    let admission: any Admission
    let steps: [any ChannelStep]
    let settings: WebConfigurationSource?

    init(_ configuration: ListenerConfiguration, service: WebService) {
        self.service = service
        name = configuration.name
        router = configuration.router
        admission = configuration.admission
        steps = configuration.steps
        settings = configuration.settings
    }
}
