import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct PushAssemblyTests {
    private func head() throws -> ResponseHead {
        var buffer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 1_000)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x78, count: count) }

    private func words(_ actions: [PushAssembly.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .pushWhole(_, let parts): "push whole \(parts.reduce(0) { $0 + $1.readableBytes })"
            case .open: "open push"
            case .write(let bytes): "write \(bytes.readableBytes)"
            case .flush: "flush"
            case .finish: "finish"
            case .report(let failure, _): "report \(failure.rawValue)"
            case .cut: "cut"
            case .tellBegan: "began"
            case .tellWantsMore: "wants more"
            case .tellClosed(let error): error == nil ? "closed" : "lost"
            }
        }
    }

    private let held = "write \(PushAssembly.headStart + 1)"

    /// One whose push is being opened.
    private func opening() throws -> PushAssembly {
        var assembly = PushAssembly()
        _ = assembly.began(try head())
        _ = assembly.bodyArrived(bytes(PushAssembly.headStart + 1))
        #expect(!assembly.wantsMore(pushIsWritable: true))
        #expect(words(assembly.batchEnded()) == ["began", "open push"])
        #expect(!assembly.wantsMore(pushIsWritable: true))
        return assembly
    }

    /// One whose push is being streamed.
    private func streaming() throws -> PushAssembly {
        var assembly = try opening()
        #expect(words(assembly.pushOpened()) == [held, "flush", "wants more"])
        return assembly
    }

    @Test("A short response is held back and pushed whole")
    func short() throws {
        var assembly = PushAssembly()
        #expect(words(assembly.began(try head())) == [])
        #expect(words(assembly.bodyArrived(bytes(PushAssembly.headStart))) == [])
        #expect(assembly.wantsMore(pushIsWritable: false))
        #expect(words(assembly.batchEnded()) == [])
        #expect(words(assembly.responseEnded()) == ["push whole \(PushAssembly.headStart)"])
        #expect(words(assembly.pushOpened()) == [])
        #expect(words(assembly.pushAnswered(status: 200)) == ["closed"])
    }

    @Test("A long response is streamed, and more of it is wanted while the push takes more")
    func long() throws {
        var assembly = try streaming()
        #expect(words(assembly.bodyArrived(bytes(5))) == ["write 5"])
        #expect(assembly.wantsMore(pushIsWritable: true) && !assembly.wantsMore(pushIsWritable: false))
        #expect(words(assembly.batchEnded()) == ["flush"])
        #expect(words(assembly.pushBecameWritable()) == ["wants more"])
        #expect(words(assembly.responseEnded()) == ["finish"])
        #expect(words(assembly.pushBecameWritable()) == [])
        #expect(words(assembly.pushAnswered(status: 200)) == ["closed"])
    }

    @Test("What comes while the push is being opened goes out when it has opened, and so does the end")
    func early() throws {
        var assembly = try opening()
        #expect(words(assembly.bodyArrived(bytes(7))) == [])
        #expect(words(assembly.batchEnded()) == [])
        #expect(words(assembly.bodyArrived(bytes(9))) == [])
        var whole = assembly
        #expect(words(assembly.pushOpened()) == [held, "write 7", "write 9", "flush", "wants more"])
        #expect(words(whole.responseEnded()) == [])
        #expect(words(whole.pushOpened()) == [held, "write 7", "write 9", "finish"])
        #expect(words(whole.pushAnswered(status: 200)) == ["closed"])
    }

    @Test("A failure is reported while nothing of the response has been sent, and cuts the push afterwards")
    func failures() throws {
        var idle = PushAssembly()
        #expect(words(idle.scrapeFailed(.targetUnreachable, "x")) == ["report target_unreachable"])
        #expect(words(idle.pushAnswered(status: 200)) == ["closed"])
        var gathering = PushAssembly()
        _ = gathering.began(try head())
        #expect(words(gathering.scrapeFailed(.targetBroken, "x")) == ["report target_broken"])
        #expect(words(gathering.pushFailed("x")) == ["lost"])
        var opening = try opening()
        #expect(words(opening.scrapeFailed(.targetBroken, "x")) == ["cut", "report target_broken"])
        #expect(words(opening.pushOpened()) == [])
        var streaming = try streaming()
        #expect(words(streaming.scrapeFailed(.targetBroken, "x")) == ["cut", "closed"])
    }

    @Test("A push that fails, is refused or is answered before its end loses the response")
    func losses() throws {
        var refused = try streaming()
        _ = refused.responseEnded()
        #expect(words(refused.pushAnswered(status: 500)) == ["lost"])
        var early = try streaming()
        #expect(words(early.pushAnswered(status: 200)) == ["lost"])
        var unopened = try opening()
        #expect(words(unopened.pushFailed("x")) == ["lost"])
        #expect(words(unopened.pushFailed("x")) == [])
    }

    @Test("A scrape that is cancelled cuts its push, whatever has become of it")
    func cancelled() throws {
        var idle = PushAssembly()
        #expect(words(idle.cancelled()) == ["cut"])
        #expect(words(idle.began(try head())) == [])
        var streaming = try streaming()
        #expect(words(streaming.cancelled()) == ["cut"])
        #expect(words(streaming.cancelled()) == [])
        #expect(words(streaming.pushAnswered(status: 200)) == [])
    }
}
