extension Model {
    /// Lines that one step of the wheel scrolls.
    private static let wheelStep = 3

    mutating func mouseMoved(_ mouse: MouseEvent) -> [Effect] {
        guard size.isUsable else { return [] }
        switch mouse.act {
        case .wheelUp: scroll(by: -Self.wheelStep)
        case .wheelDown: scroll(by: Self.wheelStep)
        case .click: return clicked(mouse.position)
        case .doubleClick:
            let effects = clicked(mouse.position)
            let onRow = ScreenLayout(self).list.contains(mouse.position.row)
            return [.clients, .groups, .failures].contains(scene) && onRow ? perform(.open) : effects
        }
        return []
    }

    private mutating func scroll(by lines: Int) {
        if let top = helpTop {
            helpTop = top + lines
        } else if let line = sortMenu {
            sortMenu = min(max(0, line + lines.signum()), Self.sorts.count - 1)
        } else if let top = opened?.top {
            opened?.top = top + lines
        } else if view == .clients, grouping != nil {
            groups.scroll(by: lines)
        } else if view == .clients {
            clients.scroll(by: lines)
        } else {
            failures.scroll(by: lines)
        }
    }

    private mutating func clicked(_ place: Position) -> [Effect] {
        let layout = ScreenLayout(self)
        if sortMenu != nil {
            if let line = SortMenu(self).line(at: place) {
                sortMenu = line
                return perform(.open)
            }
            return perform(.back)
        }
        if place.row == layout.footer { return Footer(self).key(at: place.column).map { keyPressed($0) } ?? [] }
        if helpTop != nil { return [] }
        if place.row == layout.tabs {
            if let view = TabLine(self).view(at: place.column) {
                opened = nil
                self.view = view
            }
            return []
        }
        guard opened == nil else { return [] }
        if place.row == layout.heads, view == .clients {
            guard grouping == nil else { return [] }
            let columns = ColumnLayout(clientColumns, width: size.columns, shift: clientShift)
            if let index = columns.index(at: place.column), let sort = clientColumns[index].sort {
                self.sort(by: sort)
            }
        } else if layout.breakdown.contains(place.row) {
            let index = place.row - layout.breakdown.lowerBound
            guard breakdown.indices.contains(index) else { return [] }
            failureKind = failureKind == breakdown[index].kind ? nil : breakdown[index].kind
            failures.watchTop()
        } else if layout.list.contains(place.row) {
            let line = place.row - layout.list.lowerBound
            if view == .clients, grouping != nil {
                if groups.top + line < groups.matching { groups.move(to: groups.top + line) }
            } else if view == .clients, clients.top + line < clients.matching {
                clients.move(to: clients.top + line)
            } else if view == .failures, failures.top + line < failures.matching {
                failures.move(to: failures.top + line)
            }
        }
        return []
    }
}
