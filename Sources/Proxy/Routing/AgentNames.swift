import Synchronization

/// One copy of each `User-Agent`: a fleet has thousands of clients and a handful of versions.
final class AgentNames: Sendable {
    private static let capacity = 256
    private let names = Mutex<Set<String>>([])

    /// The copy to keep. Beyond the bound, names are not shared.
    func shared(_ name: String) -> String {
        names.withLock { names in
            if let index = names.firstIndex(of: name) { return names[index] }
            if names.count < Self.capacity { names.insert(name) }
            return name
        }
    }
}
