import Store

/// Reads the record once, for the commands without a screen.
enum RecordAccess {
    /// Runs reads on the record at a path; a problem ends the command with its sentence.
    static func read<Result>(
        path: String, _ body: (StoreReader) throws(RecordProblem) -> Result
    ) throws -> Result {
        do throws(RecordProblem) {
            return try attempt(path: path, body)
        } catch {
            throw CommandFailure.exit(error)
        }
    }

    /// Runs reads on the record at a path.
    static func attempt<Result>(
        path: String, _ body: (StoreReader) throws(RecordProblem) -> Result
    ) throws(RecordProblem) -> Result {
        switch StoreReader.open(path: path) {
        case .ready(let reader): return try reader.snapshot(body)
        case .unavailable(let problem): throw problem
        }
    }
}
