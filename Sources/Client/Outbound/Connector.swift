import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections: name resolution and TCP (IPv6 and IPv4 raced), an HTTP proxy's tunnel where one is on the way, TLS.
///
/// Names are resolved anew for every connection. Confined to the client's event loop.
final class Connector {
    /// For everything until the connection can carry a request.
    static let timeout = TimeAmount.seconds(15)

    private let loop: any EventLoop
    private let tls: ClientTLS

    init(loop: any EventLoop, tls: ClientTLS) {
        self.loop = loop
        self.tls = tls
    }

    /// Opens a connection, of which `handler` then has the bytes, and a read under way; `completion` runs on the event loop, never before
    /// this returns.
    ///
    /// - Parameter isOpaque: whether nobody on the way may look inside: an HTTP proxy is asked for a tunnel even for what is not https.
    func open(
        _ route: OutboundRoute, isOpaque: Bool = false, for handler: some ChannelHandler,
        completion: @escaping (Result<Void, OutboundFailure>) -> Void
    ) {
        let steps: [ConnectionSetup.Step]
        do {
            steps = try self.steps(for: route, isOpaque: isOpaque)
        } catch {
            loop.assumeIsolated().execute { completion(.failure(.unreachable(error))) }
            return
        }
        let host = route.forwarder?.host ?? route.host
        let port = route.forwarder?.port ?? route.port
        bootstrap().connect(host: host, port: port).assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error): completion(.failure(.unreachable(error)))
            case .success(let channel):
                self.setUp(channel, steps: steps, for: handler, completion: completion)
            }
        }
    }

    private func setUp(
        _ channel: any Channel, steps: [ConnectionSetup.Step], for handler: some ChannelHandler,
        completion: @escaping (Result<Void, OutboundFailure>) -> Void
    ) {
        guard channel.isActive else {
            completion(.failure(OutboundFailure(kind: .unreachable, explanation: "the connection was closed at once")))
            return
        }
        do {
            guard !steps.isEmpty else {
                try channel.pipeline.syncOperations.addHandler(handler)
                channel.read()
                completion(.success(()))
                return
            }
            let setup = ConnectionSetup(steps, timeout: Self.timeout) { result in
                // The setup handler has left the pipeline when it reports success.
                guard case .success = result else { return completion(result) }
                do {
                    try channel.pipeline.syncOperations.addHandler(handler)
                    channel.read()
                    completion(.success(()))
                } catch {
                    channel.close(promise: nil)
                    completion(.failure(.unreachable(error)))
                }
            }
            try channel.pipeline.syncOperations.addHandler(setup)
            channel.read()
        } catch {
            channel.close(promise: nil)
            completion(.failure(.unreachable(error)))
        }
    }

    private func steps(for route: OutboundRoute, isOpaque: Bool) throws -> [ConnectionSetup.Step] {
        var steps: [ConnectionSetup.Step] = []
        if let forwarder = route.forwarder {
            if forwarder.isHTTPS { steps.append(.tls(try tls.context(), host: forwarder.host)) }
            if route.isHTTPS || isOpaque {
                steps.append(.tunnel(authority: route.authority, credentials: forwarder.credentials))
            }
        }
        if route.isHTTPS { steps.append(try tls.step(to: route)) }
        return steps
    }

    /// A peer that vanishes without a word is found in well under a minute: by keepalive probes when nothing is on its way
    /// (15 s + 3 × 5 s), by `TCP_USER_TIMEOUT` when something is (20 s).
    private func bootstrap() -> ClientBootstrap {
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(10))
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 32_768, maximum: 65_536)
            )
            .channelOption(.writeBufferWaterMark, value: .init(low: 32_768, high: 65_536))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 15)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 5)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
            .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 20_000)
    }
}
