import NIOCore
import Testing

@testable import Tunnel

/// How much the proxy lets a client send.
@Suite struct WindowTests {
    @Test("Room is given back in quarters of the window, and all that came is given back when nothing more may come")
    func windows() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.output())
        let piece = [UInt8](repeating: 1, count: 16_384)
        _ = bench.receive(.data(1, piece), .data(1, piece), .data(1, piece), .data(1, piece))
        bench.end.passedOn(1, 16_383, at: bench.now + .seconds(1))
        #expect(bench.output() == [])
        bench.end.passedOn(1, 1, at: bench.now + .seconds(1))
        #expect(bench.output() == [.window(1, 16_384)])
        // What never came is not passed on.
        bench.end.passedOn(1, 1_000_000, at: bench.now + .seconds(1))
        #expect(bench.output() == [.window(1, 49_152)])
        bench.end.passedOn(1, 5, at: bench.now)
        bench.end.passedOn(1, -5, at: bench.now)
        #expect(bench.output() == [])
    }

    /// Sends whole windows and passes them on after `time` each.
    private func grow(_ bench: inout Bench<ProxyEnd>, _ stream: UInt32, _ window: inout Int, _ time: TimeAmount) {
        for size in stride(from: window, to: 0, by: -16_384) {
            #expect(bench.receive(.data(stream, [UInt8](repeating: 0, count: min(size, 16_384)))).count == 1)
        }
        bench.now = bench.now + time
        bench.end.passedOn(TunnelStreamID(stream), window, at: bench.now)
        for case .frame(7, stream, let bytes) in bench.output() {
            window = bytes.reduce(0) { $0 << 8 | Int($1) }
        }
    }

    @Test("A window that is taken within two round trips doubles, up to 1 MiB; one that waits for its scraper does not")
    func growth() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.open(), bench.output())
        var window = 65_536
        var sizes: [Int] = []
        for _ in 0..<6 {
            grow(&bench, 1, &window, .milliseconds(100))
            sizes.append(window)
        }
        #expect(sizes == [131_072, 262_144, 524_288, 1_048_576, 1_048_576, 1_048_576])
        window = 65_536
        grow(&bench, 2, &window, .milliseconds(101))
        #expect(window == 65_536)
    }

    @Test("The time that a target takes to answer does not hold a window down")
    func lateTarget() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.output())
        bench.now = bench.now + .seconds(5)
        var window = 65_536
        grow(&bench, 1, &window, .milliseconds(10))
        #expect(window == 131_072)
    }

    @Test(
        "All windows of a tunnel grow by 4 MiB at most; a stream's end gives its growth to others",
        arguments: [0, 1, 2])
    func budget(ending: Int) {
        var bench = ProxyBench()
        var total = 0
        for stream in 1...8 as ClosedRange<UInt32> {
            _ = (bench.open(), bench.output())
            var window = 65_536
            for _ in 0..<5 { grow(&bench, stream, &window, .zero) }
            total += window - 65_536
        }
        #expect(total == 4_194_304)
        for stream in 1...8 as ClosedRange<UInt32> {
            switch ending {
            case 0: _ = bench.receive(.end(stream))
            case 1: _ = bench.receive(.reset(stream))
            default: bench.end.reset(TunnelStreamID(stream))
            }
        }
        _ = (bench.open(), bench.output())
        var window = 65_536
        for _ in 0..<5 { grow(&bench, 9, &window, .zero) }
        #expect(window == 1_048_576)
    }

    @Test("However many streams a client takes, their windows together are 64 MiB at most")
    func allWindows() {
        var bench = ProxyBench(streams: 10_000)
        while bench.open() != nil { _ = bench.output() }
        #expect(bench.end.streamCount == 1_024)
    }

    @Test("Settings that no WELCOME can say are brought to the nearest")
    func settings() {
        var settings = TunnelSettings()
        settings.window = 100_000_000
        settings.pingInterval = .nanoseconds(.max)
        var bench = ProxyBench(end: ProxyEnd(settings, at: .uptimeNanoseconds(1)))
        _ = bench.receive(.hello("Fqdn: a\r\n"))
        bench.end.welcome(refused: [], at: bench.now)
        #expect(bench.output().first == .welcome("Version: 2\r\nWindow: 1048576\r\nPing-Interval: 31536000\r\n"))
        settings.window = 0
        settings.pingInterval = .nanoseconds(-5)
        bench = ProxyBench(end: ProxyEnd(settings, at: .uptimeNanoseconds(1)))
        _ = bench.receive(.hello("Fqdn: a\r\n"))
        bench.end.welcome(refused: [], at: bench.now)
        #expect(bench.output().first == .welcome("Version: 2\r\nWindow: 1\r\nPing-Interval: 0.001\r\n"))
    }
}
