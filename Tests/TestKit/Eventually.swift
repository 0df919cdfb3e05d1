/// What was waited for did not come; only a fault gets here.
public struct NeverCame: Error, CustomStringConvertible {
    public let description: String
}

/// Waits for something that tells nobody when it has come, by looking again and again. Where there is an event to wait for, wait
/// for that instead.
///
/// - Parameters:
///   - what: Completes "never came: …".
///   - step: What lies between two looks. A request to the program that is to change and its answer are good: they take turns with
///     the change on the same threads, so that looking doesn't starve it. Nothing, where the look itself asks a program.
///   - look: `nil` for not yet.
/// - Throws: `NeverCame` after a minute, and whatever a look or a step throws.
@discardableResult
public func eventually<Value>(
    _ what: @autoclosure () -> String, after step: () async throws -> Void = {}, look: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(60)
    while true {
        if let value = try await look() { return value }
        guard ContinuousClock.now < end else { throw NeverCame(description: "never came: \(what())") }
        try await step()
        await Task.yield()
    }
}
