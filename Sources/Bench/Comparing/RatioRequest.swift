import ArgumentParser

/// `--ratio A/B`: the contestant whose figures are divided, and the one by whose figures.
struct RatioRequest: Sendable, Hashable {
    let numerator: String
    let denominator: String

    init(numerator: String, denominator: String) {
        self.numerator = numerator
        self.denominator = denominator
    }

    init?(_ text: String) {
        let names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        self.init(numerator: names[0], denominator: names[1])
    }
}

extension RatioRequest: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
