/// The lines that say that something is badly wrong: there is no record to read, or the proxy does not write it.
struct Banner: Equatable {
    let lines: [String]

    init(_ model: Model) {
        guard model.size.isUsable else {
            lines = []
            return
        }
        var sentences: [String] = []
        if let problem = model.problem {
            sentences.append("NO RECORD: " + problem.sentence)
            if model.overview != nil { sentences.append("What is shown was read before.") }
        } else if let trouble = model.health?.trouble {
            let since = ShownTime.local(trouble.since, now: model.now)
            let age = Quantity.span(milliseconds: model.now.wall - trouble.since)
            sentences.append("\(trouble.headline) \(since), \(age) ago.")
            sentences.append(trouble.advice)
            sentences.append("What is shown is what it last knew.")
        }
        guard !sentences.isEmpty else {
            lines = []
            return
        }
        let wrapped = Wrapping.lines(sentences.joined(separator: " "), width: model.size.columns - 2)
        // The list keeps some lines as long as there is something to list.
        let most = max(2, model.size.rows - (model.overview == nil ? 6 : 8))
        lines = Array(wrapped.prefix(most))
    }
}
