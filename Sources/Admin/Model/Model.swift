import Store

/// Everything the screen shows, and everything that decides what a key does. A value: `update` changes it, `render` draws it,
/// and neither touches a terminal, a file or a clock.
struct Model: Sendable {
    /// The views that Tab changes between.
    enum View: Equatable, Sendable, CaseIterable {
        case clients, failures
    }

    /// A filter that is being typed.
    struct Prompt: Equatable, Sendable {
        /// What the filter was before, for Esc.
        var former: NameFilter
    }

    /// The client that is open.
    struct Opened: Equatable, Sendable {
        var fqdn: String
        /// `nil` when the record knows no such client, or nothing has been read yet.
        var detail: ClientDetail?
        var isLoaded = false
        var failures = FailurePage()
        /// The position of the first failure in memory.
        var offset = 0
        /// The first visible line of the page.
        var top = 0
    }

    /// The database, for messages.
    let path: String
    let glyphs: Glyphs

    var size: Size
    var now: Moment
    var interval: RefreshInterval
    var isPaused = false

    var view = View.clients
    var opened: Opened?
    /// The first visible line of the help; `nil` when it is closed.
    var helpTop: Int?
    /// The line of the sort menu; `nil` when it is closed.
    var sortMenu: Int?
    var prompt: Prompt?

    var clients = ListState<ClientRow>()
    var clientName = NameFilter()
    var clientState = StateFilter.all
    /// Whether any client says something of itself.
    var hasLabels = false
    /// Groups take the place of the clients; `nil` shows them one by one.
    var grouping: Grouping?
    /// The group that was opened, and the grouping that it was one of.
    var clientGroup: (filter: GroupFilter, of: Grouping)?
    var groups = ListState<ClientGroup>()
    var sort = ClientSort.fqdn
    var direction = ClientSort.fqdn.firstDirection
    /// Columns left out at the left, per kind of table.
    var clientShift = 0
    var failureShift = 0

    var failures = ListState<FailureRow>()
    var failureName = NameFilter()
    var failureKind: RecordedKind?
    var failureTime = TimeFilter.all
    var breakdown: [KindCount] = []

    /// `nil` until the record has been read for the first time.
    var overview: Overview?
    /// Why the record cannot be read just now.
    var problem: RecordProblem?

    /// The newest request.
    var requested: ReadRequest?
    /// The number of the newest request that was answered.
    var answered = 0
    /// The number of the newest answer whose contents are here.
    var held = 0
    /// On the clock of `Moment.uptime`.
    var nextRefresh: Int64 = 0

    init(path: String, glyphs: Glyphs, size: Size, now: Moment, interval: RefreshInterval) {
        self.path = path
        self.glyphs = glyphs
        self.size = size
        self.now = now
        self.interval = interval
        fit()
    }

    /// What keys mean just now.
    var scene: Scene {
        if helpTop != nil { return .help }
        if sortMenu != nil { return .sortMenu }
        if opened != nil { return .client }
        return view == .failures ? .failures : grouping == nil ? .clients : .groups
    }

    /// Those of the clients: labels have one where there are any.
    var clientColumns: [Column<ClientRow>] { hasLabels ? Column.clients : Column.clientsWithoutLabels }

    /// `nil` until the record has been read.
    var health: Health? { overview.map { Health($0.proxy, now: now.wall) } }

    /// Milliseconds until something on the screen changes by itself.
    var timeout: Int64 {
        // Ages and the clock show seconds.
        let second = 1000 - now.wall % 1000
        guard !isPaused, answered == requested?.number ?? 0 else { return min(max(second, 1), 1000) }
        return min(max(min(second, nextRefresh - now.uptime), 1), 1000)
    }
}
