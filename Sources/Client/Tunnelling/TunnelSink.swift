import Failures
import NIOCore
import Tunnel
import Wire

/// Takes a scrape's response to the proxy on a stream of a tunnel.
///
/// States and what may follow:
/// - `.idle` → `.gathering`, `.over` (a failure is reported)
/// - `.gathering` the head and the first `headStart` bytes, so that a small response goes out in one message, and a target that breaks off early is
///   reported as what it is → `.ending` (complete), `.streaming`, `.over` (a failure is reported in its place)
/// - `.streaming` → `.ending`, `.over` (cut)
/// - `.ending`: all is handed over and not yet gone out → `.over`
///
/// and `.over` from all of them, when the proxy resets the stream, the tunnel is gone or the scrape is cancelled. Confined to the client's event
/// loop.
final class TunnelSink: ResponseSink, TunnelStream {
    /// How much of a response is held back, in bytes.
    static let headStart = PushAssembly.headStart
    private enum State {
        case idle
        case gathering(parts: [ByteBuffer], bytes: Int)
        case streaming
        case ending
        case over
    }

    let scrapeID: String
    weak var delegate: (any ResponseSinkDelegate)?

    private let stream: TunnelStreamID
    private let tunnel: any TunnelOutlet
    private var state = State.idle

    init(_ stream: TunnelStreamID, of tunnel: any TunnelOutlet) {
        self.stream = stream
        self.tunnel = tunnel
        scrapeID = Self.id(of: stream)
    }

    /// What a scrape is called in logs: the proxy knows it by another name.
    static func id(of stream: TunnelStreamID) -> String { "stream \(stream.number)" }

    // MARK: ResponseSink

    var wantsMore: Bool {
        switch state {
        case .idle: true
        case .gathering(_, let bytes): bytes <= Self.headStart
        case .streaming: tunnel.pendingBytes(of: stream) < TunnelSettings.highWater
        case .ending, .over: false
        }
    }

    func begin(_ head: ResponseHead, isChunked: Bool, deadline: NIODeadline) {
        guard case .idle = state else { return }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1_024)
        PushedResponseWriter(id: nil).writeHead(head, isChunked: isChunked, timeLeft: .zero, into: &buffer)
        state = .gathering(parts: [buffer], bytes: 0)
    }

    func write(_ slice: ByteBuffer) {
        switch state {
        case .gathering(var parts, let bytes):
            // Let go of the state's own reference, or every part copies the array.
            state = .over
            parts.append(slice)
            state = .gathering(parts: parts, bytes: bytes + slice.readableBytes)
        case .streaming: tunnel.send(slice, on: stream)
        case .idle, .ending, .over: break
        }
    }

    func flush() {
        guard case .gathering(let parts, let bytes) = state, bytes > Self.headStart else { return }
        state = .streaming
        for part in parts { tunnel.send(part, on: stream) }
        delegate?.sinkBegan()
    }

    func end() {
        switch state {
        case .gathering(let parts, _):
            state = .ending
            for part in parts { tunnel.send(part, on: stream) }
            tunnel.end(stream)
        case .streaming:
            state = .ending
            tunnel.end(stream)
        case .idle, .ending, .over: break
        }
    }

    func fail(_ failure: FailureKind, _ text: String, deadline: NIODeadline) {
        if case .over = state { return }
        state = .over
        tunnel.fail(stream, failure, text)
        delegate?.sinkClosed(error: nil)
    }

    func cancel() {
        delegate = nil
        if case .over = state { return }
        state = .over
        tunnel.fail(stream, .scrapeFailed, "the client gave the scrape up")
    }

    // MARK: TunnelStream

    func received(_ bytes: ByteBuffer) {}
    func proxyEnded() {}

    func becameHungry() {
        if case .streaming = state { delegate?.sinkWantsMore() }
    }

    func finished() { close(nil) }
    func reset(_ explanation: String) { close(explanation) }

    private func close(_ error: String?) {
        if case .over = state { return }
        state = .over
        delegate?.sinkClosed(error: error)
    }
}
