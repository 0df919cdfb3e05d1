import NIOCore
import Settings
import Testing

@testable import Client

@Suite struct PollAnswerTests {
    private func answer(_ status: String, openFor: TimeAmount, fields: String = "", body: String = "") throws -> String
    {
        var parser = ResponseParser(isHead: false, chunks: .removed)
        parser.receive(ByteBuffer(string: "HTTP/1.1 \(status) X\r\n\(fields)Content-Length: 0\r\n\r\n"))
        guard case .head(let head) = try parser.next() else { return "no head" }
        return "\(PollAnswer(head, body: ByteBuffer(string: body), openFor: openFor))".prefix { $0 != "(" }.description
    }

    @Test(
        "Every status is handled as what it is",
        arguments: [
            ("204", 1, "idle"), ("204", 100, "idle"), ("408", 1, "superseded"), ("408", 100, "superseded"),
            ("502", 1, "trouble"), ("504", 1, "trouble"), ("502", 60, "cutWhenIdle"), ("504", 60, "cutWhenIdle"),
            ("503", 1, "busy"), ("503", 60, "busy"), ("500", 60, "trouble"), ("404", 1, "trouble"),
            ("307", 1, "trouble"), ("401", 1, "denied"), ("403", 60, "denied"), ("407", 1, "denied"),
            ("200", 1, "unreadable"),
        ] as [(String, Int64, String)])
    func statuses(status: String, seconds: Int64, expected: String) throws {
        #expect(try answer(status, openFor: .seconds(seconds)) == expected)
    }

    @Test("A scrape is one")
    func scrape() throws {
        #expect(try answer("200", openFor: .zero, body: "GET http://a/ HTTP/1.1\r\nId: i\r\n\r\n") == "scrape")
    }

    @Test("A connection that ends without an answer is trouble, or an idle cut when it had been open for long")
    func closed() {
        let broken = OutboundFailure(kind: .broken, explanation: "x")
        let unreachable = OutboundFailure(kind: .unreachable, explanation: "x")
        func word(_ answer: PollAnswer) -> String { "\(answer)".prefix { $0 != "(" }.description }
        #expect(word(PollAnswer(broken, openFor: .seconds(60))) == "cutWhenIdle")
        #expect(word(PollAnswer(broken, openFor: .seconds(1))) == "trouble")
        #expect(word(PollAnswer(unreachable, openFor: .seconds(60))) == "trouble")
    }

    @Test(
        "Retry-After is read where it is a number",
        arguments: [("3", 3_000_000_000), ("-5", 0), ("99999999999999999999", nil), ("soon", nil)] as [(String, Int64?)]
    )
    func retryAfter(text: String, expected: Int64?) throws {
        var parser = ResponseParser(isHead: false, chunks: .removed)
        parser.receive(ByteBuffer(string: "HTTP/1.1 503 X\r\nRetry-After: \(text)\r\nContent-Length: 0\r\n\r\n"))
        guard case .head(let head) = try parser.next(),
            case .busy(let wait, _) = PollAnswer(head, body: ByteBuffer(), openFor: .zero)
        else {
            Issue.record("not busy")
            return
        }
        #expect(wait?.nanoseconds == expected)
    }

    @Test("What the answer repeats of the poll's secrets is not repeated", arguments: [401, 403, 407, 400, 500])
    func echo(status: Int) throws {
        var parser = ResponseParser(isHead: false, chunks: .removed)
        parser.receive(ByteBuffer(string: "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n"))
        guard case .head(let head) = try parser.next() else { return }
        let echo = String(repeating: "x", count: 195) + "authorization: bearer s3cr3t, Basic b2xk"
        let answer = PollAnswer(
            head, body: ByteBuffer(string: echo), openFor: .zero,
            hiding: [Secret("Bearer s3cr3t"), Secret("Basic b2xk")])
        let short = PollAnswer(
            head, body: ByteBuffer(string: "you sent Bearer s3cr3t \u{1B}[2J"), openFor: .zero,
            hiding: [Secret("Bearer s3cr3t")])
        for text in ["\(answer)", "\(short)"] { #expect(!text.contains("s3c") && !text.contains("b2x"), "\(text)") }
        #expect(!"\(short)".contains("\u{1B}"))
        if status != 407 { #expect("\(short)".contains("you sent Bearer …")) }
    }

    @Test("A redirect is named without the user information in it")
    func redirect() throws {
        var parser = ResponseParser(isHead: false, chunks: .removed)
        parser.receive(ByteBuffer(string: "HTTP/1.1 301 X\r\nLocation: https://user:secret@proxy/\r\n\r\n"))
        guard case .head(let head) = try parser.next(),
            case .trouble(let text) = PollAnswer(head, body: ByteBuffer(), openFor: .zero)
        else {
            Issue.record("no trouble")
            return
        }
        #expect(text.contains("a redirect to https://…@proxy/") && !text.contains("secret"))
    }
}
