import NIOCore
import Testing

@testable import Wire

@Suite struct PolledRequestTests {
    private static let scrape =
        "POST http://user:pw@Client.example:9100/metrics?x=y#f HTTP/1.1\r\nHost: client.example:9100\r\n"
        + "Accept: */*\r\nId: 5f0c3c5e\r\nContent-Length: 4\r\nX-Prometheus-Scrape-Timeout-Seconds: 2.5\r\n\r\nbody"

    private func parse(_ text: String) throws -> PolledRequest {
        try PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 65_536)
    }

    private func malformed(_ text: String) -> PolledRequest.Malformed? {
        do throws(PolledRequest.Malformed) {
            _ = try PolledRequest(parsing: ByteBuffer(string: text), maxHeadBytes: 65_536)
            return nil
        } catch {
            return error
        }
    }

    @Test("A scrape is taken apart")
    func whole() throws {
        let request = try parse(Self.scrape)
        #expect(request.method == "POST")
        #expect(request.target.authority.host == "Client.example")
        #expect(request.port == 9100)
        #expect(request.target.authority.description == "Client.example:9100")
        #expect(request.target.pathAndQuery == "/metrics?x=y")
        #expect(request.id == "5f0c3c5e")
        #expect(request.timeout == .milliseconds(2_500))
        #expect(request.body.map { String(buffer: $0) } == "body")
    }

    @Test("Addresses, default ports, missing paths and bodies are what they should be")
    func forms() throws {
        let address = try parse("GET http://[::1]:80 HTTP/1.1\r\nId: i\r\n\r\nignored")
        #expect(address.target.authority.host == "::1")
        #expect(address.port == 80)
        #expect(address.target.pathAndQuery == "/")
        #expect(address.timeout == nil)
        #expect(address.body == nil)
        let secure = try parse("HEAD HTTPS://a?q HTTP/1.0\nid: i\n\n")
        #expect(secure.target.scheme == "https")
        #expect(secure.port == nil)
        #expect(secure.target.pathAndQuery == "/?q")
        #expect(secure.isHead)
    }

    @Test("A chunked body is decoded")
    func chunked() throws {
        let request = try parse(
            "POST http://a/ HTTP/1.1\r\nId: i\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n")
        #expect(request.body.map { String(buffer: $0) } == "abc")
    }

    @Test("No prefix of a scrape is a scrape, and none crashes")
    func prefixes() {
        for count in 0..<Self.scrape.utf8.count {
            #expect(malformed(String(decoding: Self.scrape.utf8.prefix(count), as: UTF8.self)) != nil)
        }
    }

    @Test("A byte that is replaced by any other never crashes")
    func mutations() {
        let bytes = Array(Self.scrape.utf8)
        for index in bytes.indices {
            for byte: UInt8 in [0, 9, 10, 13, 32, 35, 37, 47, 58, 64, 91, 93, 127, 128, 255] {
                var changed = bytes
                changed[index] = byte
                _ = try? PolledRequest(parsing: ByteBuffer(bytes: changed), maxHeadBytes: 65_536)
            }
        }
    }

    @Test(
        "What can't be carried out keeps its id, so that the scraper can be told",
        arguments: [
            "GET /metrics HTTP/1.1", "GET ftp://a/ HTTP/1.1", "GET http:///x HTTP/1.1", "GET http://a:0/ HTTP/1.1",
            "GET http://a:65536/ HTTP/1.1", "GET http://a:x/ HTTP/1.1", "GET http://[::1/ HTTP/1.1", "GET http://a/",
            "GET http://a/ HTTP/2.0", "G{T http://a/ HTTP/1.1", "CONNECT a:443 HTTP/1.1", "CONNECT http://a/ HTTP/1.1",
            "GET http://a/ b HTTP/1.1", "GET http://ä/ HTTP/1.1", "HTTP/1.1 200 OK",
        ])
    func badLines(line: String) {
        #expect(malformed("\(line)\r\nId: i\r\n\r\n")?.id == "i")
    }

    @Test(
        "Bodies that contradict themselves are refused",
        arguments: [
            "Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Content-Length: 99",
            "Transfer-Encoding: gzip", "Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: chunked",
        ])
    func badBodies(fields: String) {
        #expect(malformed("GET http://a/ HTTP/1.1\r\nId: i\r\n\(fields)\r\n\r\nabc")?.id == "i")
    }

    @Test(
        "Without a usable id there is nobody to tell",
        arguments: ["", "Id:\r\n", "Id: \(String(repeating: "x", count: 257))\r\n", " Id: folded\r\n", "Id\r\n"])
    func noID(field: String) {
        let failure = malformed("GET http://a/ HTTP/1.1\r\n\(field)\r\n")
        #expect(failure != nil)
        #expect(failure?.id == nil)
    }

    @Test("A head over the limit is refused")
    func limit() {
        #expect(
            malformed("GET http://a/ HTTP/1.1\r\nId: i\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n") != nil)
    }

    @Test("A scraper's request at the limit of fields and bytes can be carried out with the proxy's own fields")
    func carried() throws {
        var text = "GET http://a:1/ HTTP/1.1\r\nHost: a:1\r\n"
        text += String(repeating: "B:\r\n", count: HeadParser.maxFields - 2)
        text += "C: " + String(repeating: "c", count: 4_096 - text.utf8.count - 7) + "\r\n\r\n"
        var buffer = ByteBuffer(string: text)
        var parser = HeadParser(.request, maxBytes: 4_096)
        let head = try #require(try RequestHead.parse(&buffer, with: &parser))
        #expect(head.message.count == HeadParser.maxFields)
        let scrape = try ScrapeRequest(head, id: ScrapeID(), fallback: .seconds(10), maximum: .seconds(10))
        var written = ByteBuffer()
        scrape.write(into: &written, spelling: scrape.fqdn, waited: .zero)
        let polled = try PolledRequest(parsing: written, maxHeadBytes: 4_096)
        #expect(polled.id == scrape.id.description)
        #expect(polled.message.first("C")?.utf8.first == UInt8(ascii: "c"))
    }

    @Test("A scrape whose head can't be read still says which it is, so that its failure can be told")
    func salvaged() {
        #expect(malformed("GET http://a/ HTTP/1.1\r\nId: 7\r\nno field\r\n\r\n")?.id == "7")
        #expect(
            malformed("GET http://a/ HTTP/1.1\r\nId: 7\r\n" + String(repeating: "A:\r\n", count: 300) + "\r\n")?.id
                == "7")
        #expect(malformed("GET http://a/ HTTP/1.1\r\nid: 7\r\n")?.id == "7")
        #expect(malformed("GET http://a/ HTTP/1.1\r\nId: \r\nno field\r\n\r\n")?.id == nil)
    }
}
