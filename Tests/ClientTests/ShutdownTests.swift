import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
    @Test("A running scrape may finish, and no poll follows")
    func graceful() async throws {
        try await ClientUnderTest.run {
            $0.shutdownGrace = .seconds(60)
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            let poll = try await subject.proxy.next("/poll")
            async let drained: Void = subject.client.drain()
            // The open poll is given up first.
            _ = await poll.peer.readToEnd()
            try await request.answer(status: "200 OK", "last")
            #expect(try await subject.takePush().body == "last")
            await drained
            #expect(!subject.client.readiness.isReady)
            await target.stop()
        }
    }

    @Test("A scrape that outlasts the grace is given up")
    func graceEnds() async throws {
        try await ClientUnderTest.run {
            $0.shutdownGrace = .milliseconds(1)
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            await subject.client.drain()
            _ = await request.peer.readToEnd()
            await target.stop()
        }
    }

    @Test("An idle client stops at once")
    func idle() async throws {
        try await ClientUnderTest.run { subject in
            _ = try await subject.proxy.next("/poll")
            await subject.client.drain()
        }
    }
}
