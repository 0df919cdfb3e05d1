import NIOCore

@testable import Tunnel
@testable import Wire

/// What the ends tell, held against what was asked of them.
extension TunnelWalk {
    mutating func notes() throws(Broken) {
        while let event = proxy.next(at: now) { try took(event) }
        while let event = client.next(at: now) { try took(event) }
        living.removeAll { number in streams[number].map { $0.proxyOver && $0.clientOver } ?? true }
    }

    mutating func received(_ flow: WritableKeyPath<Stream, Flow>, _ number: UInt32, _ bytes: ByteBuffer)
        throws(Broken)
    {
        guard var stream = streams[number] else { throw Broken(description: "bytes of an unknown stream") }
        let expected = Pattern.slice(of: number, from: stream[keyPath: flow].received, bytes.readableBytes)
        try hold(bytes == expected, "other bytes than were sent on stream \(number)")
        try hold(bytes.readableBytes > 0 && !stream[keyPath: flow].endTold, "bytes behind the end, or none")
        stream[keyPath: flow].received += bytes.readableBytes
        try hold(stream[keyPath: flow].received <= stream[keyPath: flow].sent, "bytes that were not sent")
        streams[number] = stream
    }

    mutating func took(_ event: ProxyEnd.Event) throws(Broken) {
        try hold(proxyClosed == nil, "\(event) at the proxy behind the end")
        switch event {
        case .hello: proxy.welcome(refused: [], at: now)
        case .connected(let id):
            let stream = streams[id.number]
            try hold(
                stream?.clientHasConnected == true && stream?.proxyKnowsConnected == false
                    && stream?.proxyOver == false,
                "a connection that does not stand")
            streams[id.number]?.proxyKnowsConnected = true
        case .data(let id, let bytes):
            try hold(streams[id.number]?.proxyOver == false, "bytes of stream \(id.number), which is over")
            try received(\.response, id.number, bytes)
        case .ended(let id):
            guard var stream = streams[id.number] else { throw Broken(description: "the end of no stream") }
            try hold(!stream.proxyOver && !stream.response.endTold, "stream \(id.number) ended twice")
            try hold(
                stream.response.isEnded && stream.response.received == stream.response.sent, "a response is cut off")
            stream.response.endTold = true
            if !stream.isConnection { stream.proxyOver = true }
            streams[id.number] = stream
            complete += 1
        case .reset(let id, let kind, _):
            try hold(streams[id.number]?.proxyOver == false, "stream \(id.number) was reset twice")
            try hold(
                kind == .targetBroken || kind == .targetUnreachable, "it was reset as \(kind)")
            streams[id.number]?.proxyOver = true
        case .sent(let id, let bytes):
            guard var stream = streams[id.number], stream.isConnection,
                !stream.proxyOver || (stream.response.endTold && stream.request.isEnded)
            else {
                throw Broken(description: "bytes of stream \(id.number) have gone, which is none or over")
            }
            stream.request.told += bytes
            try hold(stream.request.told <= stream.request.sent - proxy.core.waiting(id), "more has gone than was sent")
            streams[id.number] = stream
        case .roundTrip(let time): try hold(time >= .zero, "\(time)")
        case .closed(let how):
            proxyClosed = how
            endAll(atProxy: true)
            try checkClosing(how)
        }
        try finish()
    }

    mutating func took(_ event: ClientEnd.Event) throws(Broken) {
        try hold(clientClosed == nil, "\(event) at the client behind the end")
        switch event {
        case .welcome(let welcome): try hold(welcome.window == window, "another window")
        case .opened(let id, let isConnection, _, let request):
            guard let stream = streams[id.number] else { throw Broken(description: "a stream that nobody opened") }
            try hold(!stream.wasOpened && stream.isConnection == isConnection, "stream \(id.number) was opened twice")
            try hold(String(buffer: request) == (isConnection ? connect : scrape), "another request")
            try hold(drained == 0, "a stream behind a DRAIN")
            streams[id.number]?.wasOpened = true
        case .data(let id, let bytes):
            try hold(
                streams[id.number]?.clientOver == false && streams[id.number]?.clientHasConnected == true,
                "bytes of stream \(id.number), which is over")
            try received(\.request, id.number, bytes)
        case .ended(let id):
            guard let stream = streams[id.number] else { throw Broken(description: "the end of no stream") }
            try hold(!stream.clientOver && !stream.request.endTold, "stream \(id.number) ended twice")
            try hold(stream.request.isEnded && stream.request.received == stream.request.sent, "a request is cut off")
            streams[id.number]?.request.endTold = true
        case .reset(let id):
            try hold(streams[id.number]?.clientOver == false, "stream \(id.number) was reset twice")
            try hold(streams[id.number]?.proxyOver == true, "it was reset by nobody")
            streams[id.number]?.clientOver = true
        case .wantsMore(let id): try hold(client.waiting(id) <= TunnelSettings.lowWater, "no need")
        case .drained:
            drained += 1
            try hold(drained == 1 && proxy.isDraining, "drained without cause")
        case .roundTrip(let time): try hold(time >= .zero, "\(time)")
        case .closed(let how):
            clientClosed = how
            endAll(atProxy: false)
            try checkClosing(how)
        }
        try finish()
    }

    func checkClosing(_ how: TunnelClosing) throws(Broken) {
        switch how {
        case .failed(let failure): throw Broken(description: "an honest end was closed: \(failure)")
        case .unread: throw Broken(description: "output piles up")
        case .silent: try hold(silentSince != nil, "taken for dead")
        case .lost, .closed, .done: break
        }
    }

    /// A connection is over for an end when both its halves are.
    mutating func finish() throws(Broken) {
        for number in living where streams[number]?.isConnection == true {
            guard var stream = streams[number] else { continue }
            if stream.response.endTold, stream.request.isEnded, proxy.core.streams[number] == nil {
                stream.proxyOver = true
            }
            if stream.request.endTold, stream.response.isEnded, client.core.streams[number] == nil {
                stream.clientOver = true
            }
            streams[number] = stream
        }
    }
}
