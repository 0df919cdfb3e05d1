/// A scrape target that does what a test says with each request, on as many connections as come.
public final class ScriptedTarget: Sendable {
    public var port: Int { listener.port }
    private let listener: RawListener
    private let serving: Task<Void, Never>

    private init(listener: RawListener, serving: Task<Void, Never>) {
        self.listener = listener
        self.serving = serving
    }

    /// - Parameter answer: gets each request's head, as it came and without the empty line, and the connection to write the
    ///   answer to. Whether the connection takes another request afterwards; `false` closes it.
    public static func start(
        _ answer: @escaping @Sendable (_ head: String, _ connection: RawConnection) async throws -> Bool
    ) async throws -> ScriptedTarget {
        let listener = try await RawListener.open()
        let serving = Task {
            await withDiscardingTaskGroup { group in
                for await connection in listener.connections {
                    group.addTask {
                        // A peer that goes is nothing that a target minds.
                        while let head = try? await connection.text(upTo: "\r\n\r\n") {
                            guard (try? await answer(String(head.dropLast(2)), connection)) == true else { break }
                        }
                        await connection.close()
                    }
                }
            }
        }
        return ScriptedTarget(listener: listener, serving: serving)
    }

    /// A target that answers every request with the same bytes.
    public static func start(answering response: String) async throws -> ScriptedTarget {
        try await start { _, connection in
            try await connection.send(response)
            return true
        }
    }

    public func stop() async {
        await listener.close()
        serving.cancel()
    }
}
