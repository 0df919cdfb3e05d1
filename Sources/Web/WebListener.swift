import Flags
import Glibc
import Logging
import NIOCore
import NIOPosix

/// A bound socket that accepts connections and serves them through a `Router`.
public final class WebListener: Sendable {
    /// Why an address can't be listened on.
    public struct BindError: Error, CustomStringConvertible {
        public let address: ListenAddress
        public let reason: String

        public var description: String { "cannot listen on \(address): \(reason)" }
    }

    private let channel: any Channel

    /// With the port that the system chose, where 0 was asked for.
    public let address: ListenAddress

    /// `nil` unless it listens on a Unix domain socket.
    private let file: SocketFile?

    private init(channel: any Channel, address: ListenAddress, file: SocketFile? = nil) {
        self.channel = channel
        self.address = address
        self.file = file
    }

    /// Listens; connections are accepted from the moment this returns. An empty host listens on every interface, IPv6 and IPv4. The
    /// socket file that a dead process has left is replaced; who may connect is what the umask leaves.
    ///
    /// - Throws: `BindError`.
    public static func bind(
        _ configuration: ListenerConfiguration, in service: WebService
    ) async throws(BindError) -> WebListener {
        let address = configuration.address
        let listener = ListenerContext(configuration, service: service)
        let bootstrap = ServerBootstrap(group: service.group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .deadPeerOptions(isTCP: address.path == nil)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(metrics: service.metrics))
                }
            }
            .receiveBuffers(behindSteps: !configuration.steps.isEmpty)
            .childChannelInitializer { channel in
                let addressHasRoom = service.addressHasRoom(for: channel)
                if service.connectionOpened() || !addressHasRoom {
                    return channel.eventLoop.makeCompletedFuture {
                        try listener.serve(channel, unless: addressHasRoom ? nil : .address)
                    }
                }
                return service.clocks.closeLongestIdle(from: channel.eventLoop).flatMapThrowing {
                    try listener.serve(channel, unless: $0 ? nil : .all)
                }
            }
        do {
            if let path = address.path {
                SocketFile.removeStale(at: path)
                let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
                return WebListener(channel: channel, address: address, file: SocketFile(at: path))
            }
            let channel: any Channel
            if address.host.isEmpty {
                do {
                    channel = try await bootstrap.bind(host: "::", port: address.port).get()
                } catch let error as IOError where error.errnoCode != EADDRINUSE && error.errnoCode != EACCES {
                    // A machine without IPv6.
                    channel = try await bootstrap.bind(host: "0.0.0.0", port: address.port).get()
                }
            } else {
                channel = try await bootstrap.bind(host: address.host, port: address.port).get()
            }
            let port = channel.localAddress?.port ?? address.port
            return WebListener(channel: channel, address: ListenAddress(host: address.host, port: port))
        } catch {
            throw BindError(address: address, reason: reason(of: error, isTCP: address.path == nil))
        }
    }

    private static func reason(of error: any Error, isTCP: Bool) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case EADDRINUSE where isTCP: "the port is taken by another program"
        case EADDRINUSE: "the file is there already: another program listens on it, or it is no socket"
        case EACCES where isTCP: "permission denied; ports below 1024 need privileges"
        case EADDRNOTAVAIL: "this machine does not have that address"
        default: String(cString: strerror(error.errnoCode))
        }
    }

    /// Stops accepting; connections that are open stay.
    public func close() async {
        // The only failure is that it is closed already.
        try? await channel.close().get()
        file?.remove()
    }
}

extension ListenerContext {
    /// - Parameter bound: Which one is reached; the connection is told so.
    fileprivate func serve(_ channel: any Channel, unless bound: ConnectionBound?) throws {
        let pipeline = channel.pipeline.syncOperations
        do {
            if let bound {
                // No step costs anything for it: behind one there would be nobody to understand the answer.
                try pipeline.addHandler(RefusedConnection(bound, service: service, answers: steps.isEmpty))
                return
            }
            if !steps.isEmpty { try pipeline.addHandler(TransportEnd()) }
            for step in steps { try step.install(in: channel) }
            try pipeline.addHandler(
                ServerConnection(listener: self, clock: service.clocks.clock(of: channel.eventLoop)))
        } catch {
            // None of the two is there to see the channel close.
            service.connectionClosed()
            throw error
        }
    }
}

/// Of which connections there are too many.
private enum ConnectionBound {
    case all, address
}

/// Answers a connection over `--web.max-connections` while none is idle, or over `--web.max-connections-per-address`, so that the peer learns why, and closes it; without an answer
/// where the peer speaks TLS.
private final class RefusedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bound: ConnectionBound
    private let service: WebService
    private let answers: Bool

    init(_ bound: ConnectionBound, service: WebService, answers: Bool) {
        self.bound = bound
        self.service = service
        self.answers = answers
    }

    func channelActive(context: ChannelHandlerContext) {
        let text: String
        switch bound {
        case .all:
            service.metrics.connectionsRefused.increment()
            text = "too many connections (--web.max-connections)\n"
        case .address:
            service.metrics.addressRefused.increment()
            text = "too many connections from your address (--web.max-connections-per-address)\n"
        }
        guard answers else {
            context.close(promise: nil)
            return
        }
        let answer = ByteBuffer(
            string: "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n" + text)
        context.writeAndFlush(wrapOutboundOut(answer)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelInactive(context: ChannelHandlerContext) { service.connectionClosed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension ServerBootstrap {
    /// Finds peers that vanished without a word, in about 30 s: unanswered keepalive probes, or data that stays
    /// unacknowledged. Set on the listener, from which Linux's accepted sockets inherit them: no system call per connection.
    /// Peers on this machine don't vanish without a word.
    fileprivate func deadPeerOptions(isTCP: Bool) -> ServerBootstrap {
        guard isTCP else { return self }
        return serverChannelOption(.socketOption(.so_keepalive), value: 1)
            .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 15)
            .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 5)
            .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
            .serverChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 30_000)
    }
}
