import Store

/// What one cell of a table says: stretches of text, each with its meaning.
struct CellText: Equatable, Sendable {
    struct Span: Equatable, Sendable {
        var text: String
        var role: Role
    }

    var spans: [Span]

    init(_ text: String, _ role: Role = .plain) { spans = [Span(text: text, role: role)] }
    init(spans: [Span]) { self.spans = spans }

    /// For a value that is not known.
    static let none = CellText("-", .faint)

    /// A number that is only worth looking at when it is not zero.
    static func count(_ value: Int, _ role: Role) -> CellText {
        CellText(Quantity.compact(value), value == 0 ? .faint : role)
    }

    static func duration(_ microseconds: Int64?) -> CellText {
        microseconds.map { CellText(Quantity.duration(microseconds: $0)) } ?? .none
    }

    /// Outcome symbols, the newest `width` of them at the right end.
    static func strip(_ outcomes: some StringProtocol, width: Int) -> CellText {
        let shown = outcomes.suffix(max(0, width))
        var spans = [Span(text: String(repeating: " ", count: max(0, width - shown.count)), role: .plain)]
        for symbol in shown {
            let role: Role = symbol == "." ? .good : .bad
            if spans[spans.count - 1].role == role {
                spans[spans.count - 1].text.append(symbol)
            } else {
                spans.append(Span(text: String(symbol), role: role))
            }
        }
        return CellText(spans: spans)
    }
}

extension ClientState {
    /// Words for the screen; colour only underlines them.
    var label: String {
        switch self {
        case .connected: "connected"
        case .inFlight: "in flight"
        case .stale: "stale"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }

    var role: Role {
        switch self {
        case .connected: .good
        case .inFlight: .busy
        case .stale: .warning
        case .gone: .faint
        case .unknown: .warning
        }
    }
}

extension ClientRow {
    /// Whether the newest scrape or connection failed.
    var isFailing: Bool {
        guard let failure = lastFailure else { return false }
        return [lastScrape, lastConnection].allSatisfy { $0.map { failure.time >= $0 } ?? true }
    }
}
