/// What a client says about one of its names: labels, and the targets that it offers.
///
/// The one form of it that clients, proxy, record and screen have. On the wire and in the record it is text: `Label.text` and
/// `DeclaredTarget.text`. Two are equal when they say the same, in whatever order.
public struct Declaration: Hashable, Sendable {
    /// Of a name, and of each of its targets besides.
    public static let maxLabels = 32
    public static let maxTargets = 64
    /// Of all its texts together.
    public static let maxBytes = 8_192

    /// Says nothing, as upstream's clients do.
    public static let none = Declaration()

    /// Sorted by name, each of which there is once.
    public let labels: [Label]
    /// Sorted by port and path, each of which there are once.
    public let targets: [DeclaredTarget]

    private init() {
        labels = []
        targets = []
    }

    public init(labels: [Label], targets: [DeclaredTarget]) throws(DeclarationProblem) {
        self.labels = try Label.sorted(labels)
        guard targets.count <= Self.maxTargets else { throw .tooManyTargets }
        self.targets = targets.sorted {
            ($0.port, $0.path.description) < ($1.port, $1.path.description)
        }
        for (one, next) in zip(self.targets, self.targets.dropFirst())
        where one.port == next.port && one.path == next.path {
            throw .targetTwice(one.place)
        }
        guard textBytes <= Self.maxBytes else { throw .tooLarge }
    }

    /// Of texts as a peer or a record has them.
    public init(labelTexts: [String], targetTexts: [String]) throws(DeclarationProblem) {
        if labelTexts.isEmpty, targetTexts.isEmpty {
            self = .none
            return
        }
        // No work for what is too much anyway.
        guard labelTexts.count <= Self.maxLabels else { throw .tooManyLabels }
        guard targetTexts.count <= Self.maxTargets else { throw .tooManyTargets }
        let bytes = (labelTexts + targetTexts).reduce(0) { $0 + $1.utf8.count }
        // What is needlessly encoded takes thrice the room.
        guard bytes <= 3 * Self.maxBytes else { throw .tooLarge }
        var labels: [Label] = []
        var targets: [DeclaredTarget] = []
        for text in labelTexts { labels.append(try Label(text: text)) }
        for text in targetTexts { targets.append(try DeclaredTarget(text: text)) }
        try self.init(labels: labels, targets: targets)
    }

    /// What of these fits, from the beginning: of what is not known to have been a declaration.
    public init(keeping labels: [Label], targets: [DeclaredTarget]) {
        var kept: (labels: [Label], targets: [DeclaredTarget]) = ([], [])
        var bytes = 0
        func fits(_ text: String) -> Bool {
            guard bytes + text.utf8.count <= Self.maxBytes else { return false }
            bytes += text.utf8.count
            return true
        }
        for label in labels where kept.labels.count < Self.maxLabels {
            let isNew = !kept.labels.contains { $0.name == label.name }
            if isNew, fits(label.text) { kept.labels.append(label) }
        }
        for target in targets where kept.targets.count < Self.maxTargets {
            let isNew = !kept.targets.contains { $0.port == target.port && $0.path == target.path }
            if isNew, fits(target.text) { kept.targets.append(target) }
        }
        self = (try? Declaration(labels: kept.labels, targets: kept.targets)) ?? .none
    }

    public var isNone: Bool { labels.isEmpty && targets.isEmpty }

    private var textBytes: Int {
        labels.reduce(0) { $0 + $1.text.utf8.count } + targets.reduce(0) { $0 + $1.text.utf8.count }
    }
}
