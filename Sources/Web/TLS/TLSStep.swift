import NIOCore

/// TLS between the socket and the requests of a listener. Connections take the newest certificates, and have their turn among the
/// handshakes of the program.
public struct TLSStep: ChannelStep {
    private let source: TLSSource
    private let handshakes: Handshakes

    public init(_ source: TLSSource, handshakes: Handshakes) {
        self.source = source
        self.handshakes = handshakes
    }

    public func install(in channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(TLSDoor(source.current, handshakes))
    }

    public func bufferedBytes(in channel: any Channel) -> Int { connection(of: channel)?.waitingBytes ?? 0 }

    /// There since the handshake was done.
    private func connection(of channel: any Channel) -> TLSConnection? {
        try? channel.pipeline.syncOperations.handler(type: TLSConnection.self)
    }

    public func security(of channel: any Channel) -> PeerSecurity? {
        connection(of: channel)?.security
    }
}
