/// Clients that say the same of themselves by one name, and how they are.
public struct ClientGroup: Sendable, Equatable, Identifiable {
    /// `nil` for those that don't have the label.
    public var value: String?
    public var counts = StateCounts()
    /// Scrapes and CONNECTs that wait for them.
    public var queued = 0
    /// Scrapes that they have taken.
    public var inFlight = 0

    public var id: String? { value }

    public init(value: String?) { self.value = value }
}

/// Which groups to read, and which window of them: in the natural order of their values, those without one last.
public struct GroupQuery: Sendable, Equatable {
    /// The name of the label; `nil` for that which most clients use.
    public var label: String?
    /// Which clients are counted; its order and its window say nothing. Names that nobody has polled under are not clients.
    public var clients = ClientQuery()
    /// Groups to leave out; moved back when there are fewer.
    public var offset = 0
    public var limit = 100
    /// A group whose position is wanted: its value, `nil` inside for those without one.
    public var selected: String??

    public init(label: String? = nil) { self.label = label }
}

/// The window that a `GroupQuery` asked for.
public struct GroupPage: Sendable, Equatable {
    /// How many names of labels one is told of.
    public static let maxNames = 100

    /// By which name they are grouped; `nil` where no client has labels.
    public var label: String?
    /// Names that could be grouped by, what most clients use first; told when the query has none.
    public var names: [String] = []
    public var rows: [ClientGroup] = []
    /// The position of the first row.
    public var offset = 0
    /// Groups, in and out of the window.
    public var matching = 0
    /// The position of `GroupQuery.selected`, counted from 0; `nil` when there is no such group.
    public var selectedPosition: Int?
    /// Over all clients, whatever the filters.
    public var counts = StateCounts()

    public init() {}
}
