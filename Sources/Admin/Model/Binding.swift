/// A line of the one table that says which key does what. Footer, help and documentation are made from it.
struct Binding: Sendable {
    let action: Action
    let keys: [Key]
    let scenes: Set<Scene>
    /// One or two words for the footer; `nil` keeps it out of there.
    let footer: String?
    /// A sentence for the help.
    let help: String

    /// In the order of the help; the footer takes them in the same order, as many as fit.
    static let all: [Binding] = [
        Binding(.quit, [.character("q")], in: Scene.allCases, footer: "quit", "Quit (Ctrl-C does too)"),
        Binding(
            .help, [.character("?"), .function(1)], in: [.clients, .groups, .client, .failures], footer: "help",
            "Show this help"),
        Binding(
            .open, [.enter], in: [.clients, .groups, .failures], footer: "open",
            "Open the selected client, or the group's clients; in a menu, choose"),
        Binding(.open, [.enter], in: [.sortMenu], footer: "choose", nil),
        Binding(
            .back, [.escape], in: [.client, .help, .sortMenu], footer: "back",
            "Go back; in a list: clear the filters, then watch the top"),
        Binding(.back, [.escape], in: [.clients, .groups, .failures], footer: nil, nil),
        Binding(
            .nextView, [.tab], in: [.clients, .groups, .client, .failures], footer: "view",
            "Change between clients and failures"),
        Binding(.previousView, [.backTab], in: [.clients, .groups, .client, .failures], footer: nil, nil),
        Binding(
            .filter, [.character("/")], in: [.clients, .groups, .failures], footer: "filter",
            "Filter by FQDN as you type; * and ? make it a pattern for the whole name. Clients: words like site=berlin are labels that they have"
        ),
        Binding(
            .cycleFilter, [.character("f")], in: [.clients, .groups], footer: "state",
            "Clients: show those that fail, live ones, each state, those on polls, on tunnels, then all. Failures: each kind, then all"
        ),
        Binding(.cycleFilter, [.character("f")], in: [.failures], footer: "kind", nil),
        Binding(
            .cycleTime, [.character("t")], in: [.failures], footer: "time",
            "Failures: of the last minute, 5 minutes, hour, day, or all"),
        Binding(
            .chooseSort, [.character("s")], in: [.clients], footer: "sort", "Choose the column to sort by from a menu"),
        Binding(
            .sortPrevious, [.character("<"), .character(",")], in: [.clients], footer: nil,
            "Sort by the column to the left"),
        Binding(
            .sortNext, [.character(">"), .character(".")], in: [.clients], footer: nil,
            "Sort by the column to the right"),
        Binding(.reverse, [.character("r")], in: [.clients], footer: "reverse", "Reverse the order"),
        Binding(
            .group, [.character("b")], in: [.clients, .groups], footer: "by label",
            "Clients: how they are by what they say by a label; again: by the next label, then one by one"),
        Binding(
            .pause, [.character(" ")], in: [.clients, .groups, .client, .failures], footer: "pause",
            "Pause; again to go on"),
        Binding(
            .faster, [.character("+"), .character("=")], in: [.clients, .groups, .client, .failures], footer: nil,
            "Refresh more often"),
        Binding(
            .slower, [.character("-"), .character("_")], in: [.clients, .groups, .client, .failures], footer: nil,
            "Refresh less often"),
        Binding(
            .refresh, [.control("l"), .function(5)], in: [.clients, .groups, .client, .failures], footer: nil,
            "Read now and paint the screen anew"),
        Binding(.lineUp, [.up, .character("k")], in: Scene.allCases, footer: nil, "One line up"),
        Binding(.lineDown, [.down, .character("j")], in: Scene.allCases, footer: nil, "One line down"),
        Binding(.pageUp, [.pageUp, .control("b")], in: Scene.allCases, footer: nil, "One page up"),
        Binding(.pageDown, [.pageDown, .control("f")], in: Scene.allCases, footer: nil, "One page down"),
        Binding(.first, [.home, .character("g")], in: Scene.allCases, footer: nil, "To the first line"),
        Binding(.last, [.end, .character("G")], in: Scene.allCases, footer: nil, "To the last line"),
        Binding(
            .columnsLeft, [.left, .character("h")], in: [.clients, .groups, .client, .failures], footer: nil,
            "Columns to the left"),
        Binding(
            .columnsRight, [.right, .character("l")], in: [.clients, .groups, .client, .failures], footer: nil,
            "Columns to the right, which a narrow screen hides"),
    ]

    /// What a key does in a scene; `nil` when nothing.
    static func action(of key: Key, in scene: Scene) -> Action? { table[Lookup(key: key, scene: scene)] }

    private struct Lookup: Hashable, Sendable {
        var key: Key
        var scene: Scene
    }

    private static let table: [Lookup: Action] = {
        var table: [Lookup: Action] = [:]
        for binding in all {
            for scene in binding.scenes {
                for key in binding.keys { table[Lookup(key: key, scene: scene)] = binding.action }
            }
        }
        return table
    }()

    /// - Parameter help: `nil` for a line that another one's help covers.
    private init(_ action: Action, _ keys: [Key], in scenes: [Scene], footer: String?, _ help: String?) {
        self.action = action
        self.keys = keys
        self.scenes = Set(scenes)
        self.footer = footer
        self.help = help ?? ""
    }
}
