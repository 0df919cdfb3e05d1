import Foundation
import NIOCore
import NIOHTTP1

/// What `MiniProxy` knows, on its event loop.
final class MiniProxyState {
    let fault: MiniProxy.Fault
    private let loop: any EventLoop
    private var polls: [String: [MiniProxyHandler]] = [:]
    private var waiting: [String: [ByteBuffer]] = [:]
    private var scrapers: [String: MiniProxyHandler] = [:]
    private var known: Set<String> = []
    private var lastID = 0
    private var lastBody = ByteBuffer(string: "# nothing yet\n")
    private var answeredCount = 0
    private var whenAnswered: [(count: Int, promise: EventLoopPromise<Void>)] = []

    init(fault: MiniProxy.Fault, loop: any EventLoop) {
        self.fault = fault
        self.loop = loop
    }

    func arrived(_ head: HTTPRequestHead, _ body: ByteBuffer, on handler: MiniProxyHandler) {
        if head.uri.hasPrefix("http://") {
            scrape(head, handler)
        } else if head.uri == "/poll" {
            poll(String(buffer: body), handler)
        } else if head.uri == "/push" {
            push(body)
            handler.answer(.ok, ByteBuffer())
        } else if head.uri == "/clients" {
            let list = known.map { "{\"targets\":[\"\($0)\"],\"labels\":{}}" }.joined(separator: ",")
            handler.answer(.ok, ByteBuffer(string: "[\(list)]"))
        } else {
            handler.answer(.ok, ByteBuffer(string: "# HELP x\npushprox_proxy_clients \(known.count)\n"))
        }
    }

    private func scrape(_ head: HTTPRequestHead, _ handler: MiniProxyHandler) {
        guard fault != .refuses else {
            handler.answer(.gatewayTimeout, ByteBuffer(string: "no\n"))
            countAnswer()
            return
        }
        lastID += 1
        scrapers["\(lastID)"] = handler
        let fqdn = String(head.uri.dropFirst("http://".count).prefix { $0 != ":" })
        let request = ByteBuffer(string: "GET \(head.uri) HTTP/1.1\r\nHost: \(fqdn)\r\nId: \(lastID)\r\n\r\n")
        for _ in 0..<(fault == .deliversTwice ? 2 : 1) {
            if let poll = polls[fqdn]?.popLast() {
                poll.answer(.ok, request)
            } else {
                waiting[fqdn, default: []].append(request)
            }
        }
    }

    private func poll(_ fqdn: String, _ handler: MiniProxyHandler) {
        known.insert(fqdn)
        if let request = waiting[fqdn]?.popLast() {
            handler.answer(.ok, request)
        } else {
            polls[fqdn, default: []].append(handler)
        }
    }

    private func push(_ body: ByteBuffer) {
        let text = String(buffer: body)
        guard let idStart = text.range(of: "\r\nId: ")?.upperBound,
            let bodyStart = text.range(of: "\r\n\r\n")?.upperBound
        else { return }
        let id = String(text[idStart...].prefix { !$0.isNewline })
        guard let scraper = scrapers.removeValue(forKey: id) else { return }
        let answer = ByteBuffer(string: String(text[bodyStart...]))
        switch fault {
        case .answersOthers: scraper.answer(.ok, lastBody)
        case .cutsShort: scraper.answer(.ok, answer, missing: 1)
        case .answersTwice:
            scraper.answer(.ok, answer)
            scraper.answer(.ok, answer)
        default: scraper.answer(.ok, answer)
        }
        lastBody = answer
        countAnswer()
    }

    private func countAnswer() {
        answeredCount += 1
        whenAnswered.removeAll { wait in
            guard wait.count <= answeredCount else { return false }
            wait.promise.succeed(())
            return true
        }
    }

    func answered(_ count: Int) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        if count <= answeredCount { promise.succeed(()) } else { whenAnswered.append((count, promise)) }
        return promise.futureResult
    }
}
