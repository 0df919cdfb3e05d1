import NIOCore

@testable import Tunnel

/// What holds after every step, in quiet, and behind the end.
extension TunnelWalk {
    mutating func check() throws(Broken) {
        try finish()
        var growth = 0
        for number in living {
            guard let stream = streams[number] else { continue }
            for (flow, mine) in [
                (stream.response, proxy.core.streams[number]), (stream.request, client.core.streams[number]),
            ] {
                guard let incoming = mine?.incoming else { continue }
                try hold(incoming.credit >= 0 && incoming.held == flow.held, "\(incoming.held) held, \(flow.held) are")
                try hold(
                    flow.held <= incoming.window && incoming.window <= TunnelSettings.maxWindow, "a window is too wide")
            }
            growth += proxy.core.streams[number]?.incoming?.growth(over: window) ?? 0
            for outgoing in [proxy.core.streams[number]?.outgoing, client.core.streams[number]?.outgoing] {
                try hold((outgoing?.credit ?? 0) >= 0, "credit is negative")
                try hold((outgoing?.count ?? 0) <= TunnelSettings.highWater + 100_000, "too much waits")
            }
            if stream.isConnection, !stream.proxyOver {
                try hold(
                    stream.request.told == stream.request.sent - proxy.core.waiting(TunnelStreamID(number)),
                    "of \(stream.request.sent) bytes on stream \(number) \(stream.request.told) are told as gone")
            }
            // Who is told that nothing more comes has it no more.
            try hold(!stream.proxyOver || proxy.core.streams[number] == nil, "stream \(number) lives on at the proxy")
            try hold(
                !stream.clientOver || client.core.streams[number] == nil, "stream \(number) lives on at the client")
        }
        if proxyClosed == nil, proxy.core.isOpen {
            try hold(growth + proxy.core.growthLeft == TunnelSettings.maxGrowth, "growth has leaked")
        }
    }

    /// Everything that is under way arrives and is passed on: then every stream's sender has all its window but what is not told yet, or nothing left.
    mutating func settle() throws(Broken) {
        guard silentSince == nil, !isLost, !isOver else { return }
        var rounds = 0
        var isMoving = true
        while isMoving {
            isMoving = false
            rounds += 1
            try hold(rounds < 100_000, "it does not come to rest")
            while let output = client.takeOutput(atMost: 65_536) {
                clientTap.take(output)
                toProxy.write(output)
                isMoving = true
                try notes()
            }
            for (number, _) in clientTap.ends where streams[number]?.isConnection == false {
                streams[number]?.clientOver = true
            }
            clientTap.ends = []
            while let output = proxy.takeOutput(atMost: 65_536) {
                proxyTap.take(output)
                toClient.write(output)
                isMoving = true
                try notes()
            }
            proxyTap.ends = []
            while let bytes = toClient.read(.max) {
                client.received(bytes, at: now)
                isMoving = true
            }
            while let bytes = toProxy.read(.max) {
                proxy.received(bytes, at: now)
                isMoving = true
            }
            try notes()
            for number in living {
                guard let stream = streams[number] else { continue }
                if !stream.proxyOver, stream.response.held > 0 {
                    proxy.passedOn(TunnelStreamID(number), stream.response.held, at: now)
                    streams[number]?.response.passed = stream.response.received
                    isMoving = true
                }
                if !stream.clientOver, stream.request.held > 0 {
                    client.passedOn(TunnelStreamID(number), stream.request.held, at: now)
                    streams[number]?.request.passed = stream.request.received
                    isMoving = true
                }
            }
        }
        try hold(clientTap.broken == nil && proxyTap.broken == nil, "\(clientTap.broken ?? proxyTap.broken ?? "")")
        try check()
        for number in living {
            for (receiver, sender) in [
                (proxy.core.streams[number], client.core.streams[number]),
                (client.core.streams[number], proxy.core.streams[number]),
            ] {
                guard let incoming = receiver?.incoming, let outgoing = sender?.outgoing else { continue }
                let isHeld = streams[number]?.isConnection == true && streams[number]?.clientHasConnected == false
                try hold(isHeld || outgoing.count == 0, "\(outgoing.count) bytes of stream \(number) don't go")
                try hold(incoming.credit == outgoing.credit, "credit was lost on stream \(number)")
                try hold(
                    incoming.held == 0 && incoming.window - incoming.credit <= incoming.window / 4,
                    "credit is kept back")
            }
        }
    }

    /// All streams come to their ends: nothing is left of them.
    mutating func finale() throws(Broken) {
        guard silentSince == nil, !isLost, !isOver else { return }
        try settle()
        for number in living {
            guard let stream = streams[number] else { continue }
            let id = TunnelStreamID(number)
            if !stream.clientOver {
                if stream.isConnection && !stream.clientHasConnected {
                    client.connected(id)
                    streams[number]?.clientHasConnected = true
                }
                client.end(id)
                streams[number]?.response.isEnded = true
            }
            if stream.isConnection, !stream.proxyOver {
                proxy.end(id)
                streams[number]?.request.isEnded = true
            }
        }
        try settle()
        try settle()
        guard !isOver, proxy.core.isOpen, client.core.isOpen else { return }
        try hold(living.isEmpty, "\(living) never end")
        try hold(proxy.streamCount == 0 && client.streamCount == 0, "streams are left")
        try hold(proxy.core.growthLeft == TunnelSettings.maxGrowth, "growth has leaked")
    }

    /// The link is dead from here on: everything ends in time.
    mutating func cutOff() throws(Broken) {
        if silentSince == nil, !isLost { silentSince = now }
        var rounds = 0
        while !isOver {
            rounds += 1
            try hold(rounds < 10_000, "a dead link is not noticed")
            now = [proxy.nextDeadline, client.nextDeadline].compactMap { $0 }.min() ?? now
            try timers()
            try notes()
        }
        try hold(proxy.streamCount == 0 && client.streamCount == 0 && living.isEmpty, "streams outlive their tunnel")
        try hold(proxy.nextDeadline == nil && client.nextDeadline == nil, "time goes on behind the end")
        _ = (proxy.takeOutput(atMost: .max), client.takeOutput(atMost: .max))
        try hold(
            proxy.takeOutput(atMost: .max) == nil && client.takeOutput(atMost: .max) == nil, "output behind the end")
    }
}
