import NIOCore

/// Something that stands between the socket and the requests of a listener: TLS, for one.
public protocol ChannelStep: Sendable {
    /// Adds handlers at the end of an accepted channel's pipeline, on its event loop, before it is active. Bytes go in and out.
    ///
    /// - Throws: The connection is closed.
    func install(in channel: any Channel) throws

    /// What this step has found out about the peer of such a channel; asked on its event loop when somebody wants to know, and not
    /// again once there is an answer.
    func security(of channel: any Channel) -> PeerSecurity?

    /// What was written and waits in this step's own handlers, not yet handed on to the socket's channel; bytes.
    func bufferedBytes(in channel: any Channel) -> Int
}

extension ChannelStep {
    public func security(of channel: any Channel) -> PeerSecurity? { nil }

    public func bufferedBytes(in channel: any Channel) -> Int { 0 }
}
