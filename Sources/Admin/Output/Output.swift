import ArgumentParser
import Glibc

/// Writes text to a descriptor, whole.
enum Output {
    /// - Returns: 0, or the error number of the write that failed.
    static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += count
            }
            return 0
        }
    }

    /// Writes to standard output. A reader that has seen enough (`| head`) is not a failure.
    static func print(_ text: String) throws {
        let problem = write(text, to: STDOUT_FILENO)
        if problem == EPIPE { throw ExitCode(0) }
        if problem != 0 {
            throw CommandFailure.exit("Standard output cannot be written: \(String(cString: strerror(problem))).")
        }
    }
}
