import NIOCore
import NIOPosix
import Synchronization

/// The lines that a program writes, or that a test notes, and who waits for which.
public final class LineLog: Sendable {
    /// What was waited for did not come; only a fault gets here.
    public struct Absent: Error, CustomStringConvertible {
        public let description: String
    }

    /// More lines than any test makes; the oldest go first.
    private static let capacity = 200_000

    private struct State {
        var lines: [String] = []
        var unfinished: [UInt8] = []
        var isAtEnd = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private struct Waiter {
        /// Looks at all lines; whether the wait is over.
        let isOver: @Sendable ([String]) -> Bool
        let promise: EventLoopPromise<[String]>
    }

    private let state = Mutex(State())

    public init() {}

    /// Adds a line, for tests that note what they see themselves.
    public func note(_ line: String) { arrived(Array((line + "\n").utf8)) }

    /// All lines so far.
    public var lines: [String] { state.withLock { $0.lines } }
    public var text: String { lines.joined(separator: "\n") }

    /// Waits for a line that has all of these words, among those that came before as well.
    @discardableResult
    public func line(with words: String...) async throws -> String {
        try await lines(1, with: words)[0]
    }

    /// Waits until so many lines have all of these words.
    @discardableResult
    public func lines(_ count: Int, with words: [String], within limit: TimeAmount = .seconds(60)) async throws
        -> [String]
    {
        let match = { @Sendable (line: String) in words.allSatisfy { line.contains($0) } }
        do {
            return try await wait("\(count) lines with \(words)", within: limit) { lines in
                lines.lazy.filter(match).prefix(count).count == count
            }.filter(match)
        } catch is AtEnd {
            throw Absent(description: "the output ended before \(count) lines with \(words); it was:\n\(text)")
        }
    }

    /// Waits until the program has closed this output.
    public func end() async throws -> [String] {
        do {
            return try await wait("the end of the output", within: .seconds(60)) { _ in false }
        } catch is AtEnd {
            return lines
        }
    }

    private func wait(
        _ what: String, within limit: TimeAmount, until isOver: @escaping @Sendable ([String]) -> Bool
    ) async throws -> [String] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [String].self)
        let number = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(isOver: isOver, promise: promise)
            return state.nextWaiter
        }
        let hang = loop.scheduleTask(in: limit) { self.giveUp(number, what) }
        look()
        defer { hang.cancel() }
        return try await promise.futureResult.get()
    }

    /// The output ended before the wait did.
    private struct AtEnd: Error {}

    private func look() {
        let over = state.withLock { state in
            let over = state.waiters.filter { state.isAtEnd || $0.value.isOver(state.lines) }
            for number in over.keys { state.waiters[number] = nil }
            return over.values.map { ($0.promise, $0.isOver(state.lines), state.lines) }
        }
        for (promise, isMet, lines) in over {
            if isMet { promise.succeed(lines) } else { promise.fail(AtEnd()) }
        }
    }

    private func giveUp(_ number: Int, _ what: String) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.promise.fail(Absent(description: "no \(what) came; so far:\n\(text)"))
    }

    func arrived(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            for byte in bytes {
                if byte == 0x0A {
                    state.lines.append(String(decoding: state.unfinished, as: UTF8.self))
                    state.unfinished.removeAll(keepingCapacity: true)
                } else {
                    state.unfinished.append(byte)
                }
            }
            if state.lines.count > Self.capacity { state.lines.removeFirst(state.lines.count - Self.capacity) }
        }
        look()
    }

    func ended() {
        state.withLock { state in
            if !state.unfinished.isEmpty { state.lines.append(String(decoding: state.unfinished, as: UTF8.self)) }
            state.unfinished = []
            state.isAtEnd = true
        }
        look()
    }
}
