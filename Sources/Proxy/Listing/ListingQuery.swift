import Clients

/// What a reader of `/clients` asks for: the query of its request.
struct ListingQuery: Hashable, Sendable {
    /// More would be no filter that a person has written.
    static let maxParts = 16

    /// Whether entries have labels to relabel by; `nil` where they do when somebody declares something.
    var meta: Bool?
    /// Labels that an entry must have, as they stand in it.
    var labels: [Label] = []
    var ports: [UInt16] = []
    var state: ListedState?

    init() {}

    /// - Parameter text: As it came, without the question mark. What is not known is left alone, as upstream does.
    init(_ text: some StringProtocol) throws(Problem) {
        guard !text.isEmpty else { return }
        guard let query = QueryText(text) else { throw Problem("the query is not percent-encoded UTF-8") }
        var parts = 0
        for (name, value) in query.pairs {
            switch name {
            case "meta":
                guard let wanted = ["0": false, "1": true][value] else { throw Problem("meta is 0 or 1") }
                guard meta ?? wanted == wanted else { throw Problem("meta is 0 or 1, and not both") }
                meta = wanted
            case "label":
                do throws(DeclarationProblem) { labels.append(try Label(written: value)) } catch {
                    throw Problem("label=name=value: \(error.explanation)")
                }
            case "port":
                guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(value), port > 0
                else { throw Problem("port is a number from 1 to 65535") }
                ports.append(port)
            case "state":
                guard let wanted = ListedState(rawValue: value) else {
                    throw Problem("state is " + ListedState.allCases.map(\.rawValue).joined(separator: " or "))
                }
                guard state ?? wanted == wanted else { throw Problem("a client is in one state: give one, or none") }
                state = wanted
            default: continue
            }
            parts += 1
            guard parts <= Self.maxParts else {
                throw Problem("at most \(Self.maxParts) of meta, label, port and state")
            }
        }
        // One way of asking is one view, in whatever order it is asked.
        labels = Array(Set(labels)).sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        ports = Array(Set(ports)).sorted()
    }

    /// What is wrong with a query.
    struct Problem: Error, Sendable {
        /// A sentence without a full stop; may have what the query has.
        let explanation: String

        fileprivate init(_ explanation: String) { self.explanation = explanation }
    }
}
