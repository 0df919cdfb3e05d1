extension Model {
    /// Lets an event happen.
    /// - Returns: What the shell is to do, in this order.
    mutating func update(_ event: Event) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .keyPressed(let key): effects = keyPressed(key)
        case .mouseMoved(let mouse): effects = mouseMoved(mouse)
        case .resized(let size): self.size = size
        case .ticked(let moment): timePassed(moment)
        case .recordRead(let result): recordWasRead(result)
        case .stopRequested: return [.suspend]
        case .continued: effects = [.repaint, request(subject)]
        case .endRequested: return [.quit]
        }
        fit()
        return effects + neededRead()
    }

    /// Gives every list the lines it has on the screen.
    mutating func fit() {
        let layout = ScreenLayout(self)
        clients.height = max(1, layout.list.count)
        groups.height = max(1, layout.list.count)
        failures.height = max(1, layout.list.count)
        if opened != nil {
            let page = ClientPageLayout(self)
            let top = opened?.top ?? 0
            opened?.top = min(max(0, top), page.lastTop)
        }
        if let top = helpTop { helpTop = min(max(0, top), HelpPage(self).lastTop(height: layout.body.count)) }
    }

    private mutating func timePassed(_ moment: Moment) {
        now = moment
        // The clock cannot go back, but a refresh that is further away than the interval would never come.
        nextRefresh = min(nextRefresh, moment.uptime + interval.milliseconds)
    }

    mutating func keyPressed(_ key: Key) -> [Effect] {
        if prompt != nil, helpTop == nil {
            if keyTyped(key) { return [] }
        }
        // On a screen too small to show anything, only leaving makes sense.
        guard let action = Binding.action(of: key, in: scene), size.isUsable || action == .quit else { return [] }
        return perform(action)
    }

    /// A key while a filter is being typed.
    /// - Returns: Whether the key belonged to the prompt; arrows and the like go on to the list.
    private mutating func keyTyped(_ key: Key) -> Bool {
        var text = nameFilter.text
        switch key {
        case .enter: prompt = nil
        case .escape:
            text = prompt?.former.text ?? ""
            prompt = nil
        case .backspace, .delete: if !text.isEmpty { text.removeLast() }
        case .control("u"): text = ""
        case .control("w"):
            while let last = text.last, " .-".contains(last) { text.removeLast() }
            while let last = text.last, !" .-".contains(last) { text.removeLast() }
        case .character(let character):
            // No name is longer than this, so nothing longer can match.
            if text.utf8.count < 255 { text.append(character) }
        default: return false
        }
        if text != nameFilter.text { nameFilter = NameFilter(text: text) }
        return true
    }

    /// The filter of the view that is open. Setting it shows the top of what matches.
    var nameFilter: NameFilter {
        get { view == .clients ? clientName : failureName }
        set {
            switch view {
            case .clients:
                clientName = newValue
                clients.watchTop()
                groups.watchTop()
            case .failures:
                failureName = newValue
                failures.watchTop()
            }
        }
    }
}
