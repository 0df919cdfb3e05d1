import TestKit
import Testing

@testable import Web

@Suite("Connections of one address") struct AddressTableTests {
    @Test("Each address has so many, its own; what closes makes room and leaves nothing behind")
    func counted() throws {
        var table = AddressTable(most: 2)
        let (one, other) = (try #require(AddressTable.key("192.0.2.1")), try #require(AddressTable.key("192.0.2.2")))
        let opened = [table.opened(one), table.opened(one), table.opened(one), table.opened(other)]
        #expect(opened == [true, true, false, true])
        table.closed(one)
        let isFull = !table.opened(one)
        #expect(isFull)
        table.closed(one)
        table.closed(one)
        let hasRoom = table.opened(one)
        #expect(hasRoom)
        table.closed(one)
        table.closed(one)
        table.closed(other)
        table.closed(other)
        #expect(table.count == 0)
    }

    @Test("An IPv6 network of 64 bits is one address; IPv4 stays what it is inside IPv6; a Unix socket's peer has none")
    func keys() {
        #expect(AddressTable.key("2001:db8::1") == AddressTable.key("2001:db8::ffff:2"))
        #expect(AddressTable.key("2001:db8::1") != AddressTable.key("2001:db8:0:1::1"))
        #expect(AddressTable.key("::ffff:192.0.2.1") == AddressTable.key("192.0.2.1"))
        #expect(AddressTable.key(nil) == nil)
    }

    @Test("A connection over the bound is told so, and counted; one that closes makes room")
    func refused() async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(300), maxConnectionsPerAddress: 1)) { server in
            let first = try await server.open()
            try await first.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await first.response().status == 200)
            let second = try await server.open()
            let answer = try await second.response()
            #expect(answer.status == 503 && answer.body.contains("--web.max-connections-per-address"))
            _ = await second.closed()
            #expect(server.metric("test_web_address_connections_refused_total") == 1)
            #expect(server.metric("test_web_connections_refused_total") == 0)
            await first.close()
            try await eventually("room") {
                let next = try await server.open()
                try? await next.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                let status = try await next.response().status
                await next.close()
                return status == 200 ? true : nil
            }
        }
    }
}
