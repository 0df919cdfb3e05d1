import Clients
import Store

extension Model {
    /// Does what a key stands for.
    mutating func perform(_ action: Action) -> [Effect] {
        switch action {
        case .quit: return [.quit]
        case .refresh: return [.repaint, request(subject)]
        case .help: helpTop = 0
        case .back: goBack()
        case .open: open()
        case .nextView, .previousView: changeView()
        case .filter: prompt = Prompt(former: nameFilter)
        case .cycleFilter: cycleFilter()
        case .group: cycleGrouping()
        case .cycleTime:
            failureTime = failureTime.next
            failures.watchTop()
        case .chooseSort: sortMenu = Self.sorts.firstIndex(of: sort) ?? 0
        case .sortPrevious: sortBy(step: -1)
        case .sortNext: sortBy(step: 1)
        case .reverse: direction = direction.reversed
        case .pause:
            isPaused.toggle()
            nextRefresh = now.uptime
        case .faster: interval.shorten()
        case .slower: interval.lengthen()
        case .columnsLeft: shiftColumns(by: -1)
        case .columnsRight: shiftColumns(by: 1)
        case .lineUp, .lineDown, .pageUp, .pageDown, .first, .last: move(action)
        }
        return []
    }

    /// The sort columns in the order in which they stand on the screen.
    static let sorts: [ClientSort] = Column.clients.compactMap(\.sort)

    /// Sorts by a column in the direction that one expects; by the same column again, in the other.
    mutating func sort(by column: ClientSort) {
        direction = column == sort ? direction.reversed : column.firstDirection
        sort = column
    }

    private mutating func sortBy(step: Int) {
        let sorts = Self.sorts
        let index = (sorts.firstIndex(of: sort) ?? 0) + step
        sort = sorts[(index + sorts.count) % sorts.count]
        direction = sort.firstDirection
    }

    /// One step back from wherever the operator is: out of a page, then out of filters, then to the top.
    private mutating func goBack() {
        if helpTop != nil {
            helpTop = nil
        } else if sortMenu != nil {
            sortMenu = nil
        } else if opened != nil {
            opened = nil
        } else if view == .clients, let clientGroup {
            grouping = clientGroup.of
            self.clientGroup = nil
        } else if view == .clients {
            if !clientName.text.isEmpty {
                clientName = NameFilter()
            } else if clientState != .all {
                clientState = .all
            } else if grouping != nil {
                grouping = nil
            } else {
                clients.watchTop()
            }
        } else if !failureName.text.isEmpty {
            failureName = NameFilter()
        } else if failureKind != nil || failureTime != .all {
            failureKind = nil
            failureTime = .all
        } else {
            failures.watchTop()
        }
    }

    private mutating func cycleGrouping() {
        if clientGroup != nil {
            grouping = clientGroup?.of
            clientGroup = nil
        } else {
            grouping = grouping == nil ? Grouping() : grouping?.next
            groups.forget()
        }
    }

    private mutating func openGroup(of grouping: Grouping) {
        guard let name = grouping.label, let group = groups.selected else { return }
        // A value that is read is one of a label.
        let label = group.value.flatMap { try? Label(name, $0) }
        clientGroup = (label.map(GroupFilter.having) ?? .without(name), grouping)
        self.grouping = nil
        clients.watchTop()
    }

    private mutating func open() {
        if let line = sortMenu {
            sortMenu = nil
            if Self.sorts.indices.contains(line), Self.sorts[line] != sort { sort(by: Self.sorts[line]) }
        } else if opened == nil, view == .clients, let grouping {
            openGroup(of: grouping)
        } else if opened == nil, let fqdn = view == .clients ? clients.selected?.fqdn : failures.selected?.fqdn,
            // Not for what was denied to who knows whom.
            !fqdn.isEmpty
        {
            opened = Opened(fqdn: fqdn)
        }
    }

    private mutating func changeView() {
        opened = nil
        view = view == .clients ? .failures : .clients
    }

    private mutating func cycleFilter() {
        switch view {
        case .clients:
            clientState = clientState.next
            clients.watchTop()
            groups.watchTop()
        case .failures:
            let kinds = breakdown.map(\.kind)
            // After the last kind, and after one that no longer occurs, all kinds are shown.
            let next = failureKind.map { kind in kinds.firstIndex(of: kind).map { $0 + 1 } ?? kinds.count } ?? 0
            failureKind = kinds.indices.contains(next) ? kinds[next] : nil
            failures.watchTop()
        }
    }

    private mutating func shiftColumns(by step: Int) {
        let failuresShow = opened != nil || view == .failures
        if failuresShow {
            failureShift = min(max(0, failureShift + step), Column.failures.count - 3)
        } else {
            let columns = grouping == nil ? clientColumns.count : Column.groups.count
            clientShift = min(max(0, clientShift + step), columns - 2)
        }
    }

    private mutating func move(_ action: Action) {
        let page = max(1, ScreenLayout(self).list.count - 1)
        let far = Int.max / 4
        let step =
            switch action {
            case .lineUp: -1
            case .lineDown: 1
            case .pageUp: -page
            case .pageDown: page
            case .first: -far
            default: far
            }
        if let top = helpTop {
            helpTop = top + step
        } else if let line = sortMenu {
            sortMenu = min(max(0, line + step), Self.sorts.count - 1)
        } else if let top = opened?.top {
            opened?.top = top + step
        } else if view == .clients, grouping != nil {
            groups.move(by: step)
        } else if view == .clients {
            clients.move(by: step)
        } else {
            failures.move(by: step)
        }
    }
}
