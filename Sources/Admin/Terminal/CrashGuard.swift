import Glibc

/// Gives the terminal back when the process crashes.
///
/// The handler may do next to nothing: it writes bytes that were prepared, restores the line settings, and lets the signal
/// do what it does by default. All of these are async-signal-safe (signal-safety(7)).
enum CrashGuard {
    private struct State {
        var isArmed = false
        var settings = termios()
        var restore: UnsafeMutableBufferPointer<UInt8>
        var note: UnsafeMutableBufferPointer<UInt8>
    }

    /// Set once, by the main thread (`NcursesTerminal` is made and used there alone), before the handlers are installed, and never
    /// freed. Only the main thread and the handlers read it, these on whichever thread crashes: installing them is a system call, so
    /// that they see what was written before. After that only `isArmed` changes, one byte: a handler that reads it half-way through a
    /// change sees one value or the other, and both are right: the terminal is given back once more, or was just now.
    nonisolated(unsafe) private static var state: UnsafeMutablePointer<State>?

    private static let signals = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS]

    /// - Parameters:
    ///   - settings: The line settings as they were found.
    ///   - restore: What to write to the terminal.
    static func arm(settings: termios, restore: [UInt8]) {
        guard state == nil else {
            rearm()
            return
        }
        let memory = UnsafeMutablePointer<State>.allocate(capacity: 1)
        let note = Array("pushprox-admin crashed; the database is untouched, for it is only read.\r\n".utf8)
        memory.initialize(to: State(settings: settings, restore: copy(restore), note: copy(note)))
        state = memory
        giveHandlerStack()
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { signal in CrashGuard.crashed(signal) }
        action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND)) | Int32(SA_NODEFER)
        for signal in signals { sigaction(signal, &action, nil) }
        rearm()
    }

    static func rearm() { state?.pointee.isArmed = true }
    static func disarm() { state?.pointee.isArmed = false }

    private static func crashed(_ signal: Int32) {
        if let state, state.pointee.isArmed {
            state.pointee.isArmed = false
            write(STDOUT_FILENO, state.pointee.restore.baseAddress, state.pointee.restore.count)
            tcsetattr(STDIN_FILENO, TCSANOW, &state.pointee.settings)
            write(STDERR_FILENO, state.pointee.note.baseAddress, state.pointee.note.count)
        }
        raise(signal)
    }

    /// A stack of its own, so that running out of stack is survived long enough.
    private static func giveHandlerStack() {
        let size = 65_536
        var stack = stack_t()
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        stack.ss_size = size
        sigaltstack(&stack, nil)
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutableBufferPointer<UInt8> {
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
        return memory
    }
}
