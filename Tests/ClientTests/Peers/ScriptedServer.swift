import NIOCore
import NIOPosix
import NIOSSL

/// A server that does what a test says: each request waits in a queue of its path until the test answers it.
final class ScriptedServer: Sendable {
    /// A request that has arrived, body included.
    final class Request: Sendable {
        let peer: Peer
        let head: String
        let body: [UInt8]
        /// Whether the body came to its end.
        let isComplete: Bool
        private let answered: Inbox<Bool>

        init(peer: Peer, head: String, body: [UInt8], isComplete: Bool, answered: Inbox<Bool>) {
            self.peer = peer
            self.head = head
            self.body = body
            self.isComplete = isComplete
            self.answered = answered
        }

        var line: String { head.split(separator: "\r\n").first.map(String.init) ?? "" }
        var text: String { String(decoding: body, as: UTF8.self) }
        func value(_ name: String) -> String? { Peer.value(name, in: head) }

        /// Answers, and lets the connection go on to its next request.
        func answer(_ response: String) async throws { try await answer(bytes: Array(response.utf8)) }

        func answer(bytes: [UInt8]) async throws {
            try await peer.write(bytes)
            answered.put(true)
        }

        func answer(status: String, _ body: String = "", fields: String = "") async throws {
            try await answer("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// Answers as bytes, then ends the connection.
        func answerAndClose(_ response: String) async throws {
            try await peer.write(response)
            await peer.close()
            answered.put(false)
        }

        func close() async {
            await peer.close()
            answered.put(false)
        }

        func cut() async {
            await peer.cut()
            answered.put(false)
        }
    }

    let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let connections: Inbox<Peer>
    private let queues = Box<[String: Inbox<Request>]>([:])
    private let accepted = Box(0)
    private let requests = Box<[String: Int]>([:])
    private let isStopped = Box(false)
    private let hasTunnels: Bool

    /// How many connections there have been.
    var connectionCount: Int { accepted.value }

    /// - Parameters:
    ///   - hasTunnels: whether the test takes requests for tunnels from `next("/tunnel")`; else they are answered as upstream's proxy does.
    ///   - halfCloses: whether a connection goes on when the client has ended its half.
    ///   - takesRequests: whether connections are read as HTTP; else the test takes them from `nextConnection`.
    ///   - tls: the context to speak TLS with.
    let host: String

    init(
        takesRequests: Bool = true, hasTunnels: Bool = false, halfCloses: Bool = false,
        tls: NIOSSLContext? = nil, host: String = "127.0.0.1", port: Int = 0
    ) async throws {
        self.host = host
        self.hasTunnels = hasTunnels
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = Inbox<Peer>()
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: halfCloses)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let events = Inbox<Peer.Event>()
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Recorder(events))
                    connections.put(Peer(channel: channel, events: events))
                }
            }
            .bind(host: host, port: port).get()
        self.group = group
        self.connections = connections
        self.port = channel.localAddress?.port ?? 0
        if takesRequests {
            Task {
                while let peer = await connections.next() {
                    accepted.change { $0 += 1 }
                    Task { await self.serve(peer) }
                }
            }
        }
    }

    /// The next connection, of a server that does not take requests.
    func nextConnection() async throws -> Peer {
        struct NoConnection: Error {}
        guard let peer = await connections.next() else { throw NoConnection() }
        return peer
    }

    /// The next request whose path ends so.
    func next(_ pathEnd: String) async throws -> Request {
        struct NoRequest: Error {}
        guard let request = await queue(pathEnd).next() else { throw NoRequest() }
        return request
    }

    /// How many requests there have been whose path ends so.
    func seen(_ pathEnd: String) -> Int { requests.value[pathEnd] ?? 0 }

    /// Ends everything: no more connections, those that are open are closed. A second call does nothing.
    func stop() async {
        guard
            !isStopped.change({ isStopped in
                defer { isStopped = true }
                return isStopped
            })
        else { return }
        try? await channel.close().get()
        connections.end()
        for queue in queues.value.values { queue.end() }
        try? await group.shutdownGracefully()
    }

    private func queue(_ pathEnd: String) -> Inbox<Request> {
        queues.change { queues in
            let queue = queues[pathEnd] ?? Inbox()
            queues[pathEnd] = queue
            return queue
        }
    }

    private func serve(_ peer: Peer) async {
        while let head = try? await peer.readHead(), let body = try? await peer.readBody(after: head) {
            let target = head.split(separator: " ").dropFirst().first ?? ""
            let path = target.prefix { $0 != "?" }
            let name = path.split(separator: "/").last.map { "/" + $0 } ?? "/"
            requests.change { $0[name, default: 0] += 1 }
            if name == "/tunnel", !hasTunnels {
                try? await peer.write("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n")
                continue
            }
            let answered = Inbox<Bool>()
            queue(name).put(
                Request(peer: peer, head: head, body: body.bytes, isComplete: body.isComplete, answered: answered))
            guard body.isComplete, await answered.next() == true else { return }
        }
    }
}
