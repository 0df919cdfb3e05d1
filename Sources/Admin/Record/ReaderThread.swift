import Glibc
import Synchronization

/// Reads the record on a thread of its own, so that a key press never waits for a disk.
///
/// Requests and answers wait in a place for one: a newer request replaces one that was not begun, a newer answer one that was
/// not fetched. Pipes tell either side that something is there.
final class ReaderThread: Sendable {
    private struct Desk: Sendable {
        var request: ReadRequest?
        var answer: ReadResult?
    }

    private let desk = Mutex(Desk())
    private let requestPipe: Pipe
    private let answerPipe: Pipe

    /// Becomes readable when an answer is there.
    var descriptor: Int32 { answerPipe.readEnd }

    /// Starts the thread, which runs as long as the process. `nil` when the system has no descriptors or threads left.
    static func start(path: String) -> ReaderThread? {
        guard let requests = Pipe(), let answers = Pipe() else { return nil }
        let reader = ReaderThread(requests: requests, answers: answers)
        return reader.run(path: path) ? reader : nil
    }

    private init(requests: Pipe, answers: Pipe) {
        requestPipe = requests
        answerPipe = answers
    }

    /// Asks; never waits.
    func ask(_ request: ReadRequest) {
        desk.withLock { $0.request = request }
        requestPipe.ring()
    }

    /// The newest answer; `nil` when there is none.
    func answer() -> ReadResult? {
        answerPipe.silence()
        return desk.withLock { desk in
            defer { desk.answer = nil }
            return desk.answer
        }
    }

    private func run(path: String) -> Bool {
        final class Start {
            let reader: ReaderThread
            let path: String
            init(_ reader: ReaderThread, _ path: String) {
                self.reader = reader
                self.path = path
            }
        }
        // Signals are the main thread's: whatever it has blocked or not, this thread takes none.
        var every = sigset_t()
        var before = sigset_t()
        sigfillset(&every)
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP] { sigdelset(&every, crash) }
        pthread_sigmask(SIG_SETMASK, &every, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(self, path))
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.reader.serve(path: start.path)
                return nil
            }, start.toOpaque())
        if result != 0 { start.release() }
        return result == 0
    }

    private func serve(path: String) {
        var record = RecordDesk(path: path)
        while requestPipe.wait() {
            let request = desk.withLock { desk in
                defer { desk.request = nil }
                return desk.request
            }
            guard let request else { continue }
            let answer = record.answer(request)
            desk.withLock { $0.answer = answer }
            answerPipe.ring()
        }
    }
}
