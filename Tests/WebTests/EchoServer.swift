import Flags
import Logging
import NIOCore
import NIOPosix
import Telemetry
import TestKit
import Testing
import Wire

@testable import Web

/// Answers every request with its method, target and body; `/hold` is not answered before the test says so, nor is `/poll`, which
/// takes no more than 512 bytes behind it. `/watched` is answered with 8 MiB. `/static/…` is a table of routes with bodies of 1 byte and of 8 MiB that all share.
final class Echo: Router {
    static let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: 8 << 20)
    private static let other = ByteBuffer(repeating: UInt8(ascii: "y"), count: 8 << 20)

    let held = Held()
    private let routes = RouteTable([
        "/static/small": Route { Response(status: 200, contentType: nil, body: [ByteBuffer(string: "x")]) },
        "/static/other": Route { Response(status: 200, contentType: nil, body: [Echo.other]) },
        "/static/large": Route { Response(status: 200, contentType: nil, body: [Echo.large]) },
    ])

    func route(for head: RequestHead) -> RoutedRequest<RouteTable.Plan?> {
        guard head.target.hasPrefix("/static/") else { return RoutedRequest(.read(path: head.target), plan: nil) }
        let page = routes.route(for: head)
        return RoutedRequest(page.action, observer: page.observer, plan: page.plan)
    }

    func exchange(for plan: RouteTable.Plan?, head: RequestHead, on connection: ServerConnection) -> any Exchange {
        guard let plan else { return EchoExchange(head, connection, held) }
        return routes.exchange(for: plan, head: head, on: connection)
    }
}

/// What waits at `/hold`, and who wants to know.
///
/// `@unchecked Sendable`: confined to `loop`.
final class Held: @unchecked Sendable {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    private var waiting: [ServerConnection] = []
    private var lost = 0
    private var listeners: [() -> Bool] = []

    func add(_ connection: ServerConnection) { change { self.waiting.append(connection) } }
    func lostOne() { change { self.lost += 1 } }

    private func change(_ body: @escaping () -> Void) {
        let body = UncheckedBox(body)
        loop.execute {
            body.value()
            self.listeners.removeAll { $0() }
        }
    }

    private func wait(_ condition: @escaping @Sendable (Held) -> Bool) async throws {
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            let attempt = {
                guard condition(self) else { return false }
                promise.succeed()
                return true
            }
            if !attempt() { self.listeners.append(attempt) }
        }
        try await promise.futureResult.get()
    }

    /// Answers all that wait, as soon as there are so many.
    func answer(_ count: Int) async throws {
        try await wait { $0.waiting.count == count }
        let connections = try await loop.submit {
            defer { self.waiting = [] }
            return UncheckedBox(self.waiting)
        }.get()
        for connection in connections.value {
            let connection = UncheckedBox(connection)
            connection.value.eventLoop.execute { connection.value.respond(.text(200, "held")) }
        }
    }

    /// Hands all over that wait, as soon as there are so many.
    ///
    /// - Parameter before: Runs right before, while the connection's event loop hears of nothing.
    func handOver(_ count: Int, after before: @escaping @Sendable () -> Void = {}) async throws -> [Bool] {
        try await wait { $0.waiting.count == count }
        let connections = try await loop.submit {
            defer { self.waiting = [] }
            return UncheckedBox(self.waiting)
        }.get()
        var taken: [Bool] = []
        for connection in connections.value {
            let connection = UncheckedBox(connection)
            taken.append(
                try await connection.value.eventLoop.submit {
                    before()
                    return RawEcho.take(connection.value)
                }.get())
        }
        return taken
    }

    /// Waits until so many wait.
    func arrived(_ count: Int) async throws { try await wait { $0.waiting.count == count } }

    /// How far writing has come on the connection that `/watched` was asked for on.
    func progress() async throws -> ServerConnection.WriteProgress? {
        try await arrived(1)
        let connection = try await loop.submit { UncheckedBox(self.waiting[0]) }.get()
        return try await connection.value.eventLoop.submit {
            connection.value.writeProgress(buffered: connection.value.bufferedBytes)
        }.get()
    }

    /// Who is at the other end of the connection that waits.
    func peer() async throws -> Peer {
        try await arrived(1)
        let connection = try await loop.submit { UncheckedBox(self.waiting[0]) }.get()
        return try await connection.value.eventLoop.submit { connection.value.peer }.get()
    }

    /// Waits until so many requests are held.
    func waitForHeld(_ count: Int) async throws { try await wait { $0.waiting.count == count } }
    func waitForLost(_ count: Int) async throws { try await wait { $0.lost == count } }
}

/// Hands something from one event loop to another; whoever unpacks it is on the right one.
struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

private final class EchoExchange: Exchange {
    private let head: RequestHead
    private let connection: ServerConnection
    private let held: Held
    private var body = ""

    init(_ head: RequestHead, _ connection: ServerConnection, _ held: Held) {
        self.head = head
        self.connection = connection
        self.held = held
        if head.target == "/early" { connection.respond(.text(200, "early")) }
        if head.target == "/at-once" { _ = handOver() }
    }

    func bodyArrived(_ bytes: ByteBuffer) { body += String(buffer: bytes) }

    var maxPipelinedBytes: Int? { head.target == "/poll" ? 512 : nil }

    func bodyEnded() {
        switch head.target {
        case "/at-once": return
        case "/upgrade" where head.asksToUpgrade(to: "echo"):
            #expect(handOver())
            return
        case "/cut":
            // Its end can only be told from that of the connection.
            connection.closeAfterResponse()
            var answer = connection.beginBuffer(status: 200, reserving: 100)
            connection.writeConnectionField(into: &answer)
            answer.writeString("\r\npart")
            connection.write(answer)
            connection.abort(status: 200)
            return
        case "/whole":
            connection.closeAfterResponse()
            var answer = connection.beginBuffer(status: 200, reserving: 100)
            connection.writeConnectionField(into: &answer)
            answer.writeString("\r\nall of it")
            connection.write(answer)
            connection.finish(status: 200)
            return
        default: break
        }
        if head.target == "/hold" || head.target == "/poll" || head.target == "/hold-upgrade" {
            held.add(connection)
        } else if head.target == "/watched" {
            held.add(connection)
            connection.respond(Response(status: 200, contentType: nil, body: [Echo.large]))
        } else {
            connection.respond(.text(200, "\(head.method) \(head.target) \(body)"))
        }
    }

    func connectionLost() { held.lostOne() }

    private func handOver() -> Bool { RawEcho.take(connection) }
}

/// Answers bytes with `raw:` and the same bytes, and closes at `close`.
final class RawEcho: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    static func take(_ connection: ServerConnection) -> Bool {
        let head = ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n")
        return connection.handOver(status: 101, head: head) { try $0.pipeline.syncOperations.addHandler(RawEcho()) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if String(buffer: bytes) == "close" { return context.close(promise: nil) }
        var answer = ByteBuffer(string: "raw:")
        answer.writeImmutableBuffer(bytes)
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}

struct EchoServer {
    let port: Int
    let registry: MetricRegistry
    let held: Held

    /// What a client's connection needs to get through the listener's steps.
    let prepare: @Sendable (any Channel) throws -> Void

    func open(receiveBuffer: Int? = nil) async throws -> RawConnection {
        try await RawConnection.open(port: port, receiveBuffer: receiveBuffer, prepare: prepare)
    }

    func metric(_ name: String) -> Int? {
        for line in String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
        where line.hasPrefix(name + " ") {
            return Int(line.dropFirst(name.count + 1))
        }
        return nil
    }

    /// Waits for a metric's value, looking each time that a request on a connection of its own has been answered.
    func wait(_ name: String, for value: Int) async throws {
        var pacer = try await open()
        try await eventually("\(name) \(value); it is \(metric(name) ?? -1)") {
            do {
                try await pacer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await pacer.response()
            } catch {
                // Closed itself, where limits are tight and the machine is busy.
                pacer = try await open()
            }
        } look: {
            metric(name) == value ? value : nil
        }
        await pacer.close()
    }

    static func run(
        _ limits: WebLimits = WebLimits(readHeaderTimeout: .seconds(300)), admission: any Admission = OpenAdmission(),
        steps: [any ChannelStep] = [], prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        body: (EchoServer) async throws -> Void
    ) async throws {
        let registry = MetricRegistry()
        let router = Echo()
        let service = WebService(
            on: MultiThreadedEventLoopGroup.singleton, limits: limits,
            metrics: WebMetrics(in: registry, prefix: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let listener = try await WebListener.bind(
            ListenerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0), router: router, admission: admission, steps: steps),
            in: service)
        do {
            try await body(
                EchoServer(port: listener.address.port, registry: registry, held: router.held, prepare: prepare))
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }
}
