import TestKit
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct RedirectTests {
    @Test("A proxy that points elsewhere is not followed with the client's credential, neither by poll nor by push")
    func elsewhere() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret-one", to: "token")
        let other = try await ScriptedServer()
        let fields = "Location: http://127.0.0.1:\(other.port)/\r\n"
        try await ClientUnderTest.run {
            $0.credential = .tokenFile(path)
        } _: { subject in
            for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
                try await subject.proxy.next("/poll").answer(status: status, fields: fields)
                let target = try await ScriptedServer()
                try await subject.sendScrape(to: target.port)
                try await target.next("/metrics").answer(status: "200 OK", "up")
                let push = try await subject.proxy.next("/push")
                #expect(push.value("Authorization") == "Bearer secret-one")
                try await push.answer(status: status, fields: fields)
                await target.stop()
            }
            // The next poll comes after all of that.
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(other.connectionCount == 0)
        }
        await other.stop()
    }
}
