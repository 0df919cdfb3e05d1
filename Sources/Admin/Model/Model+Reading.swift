import Store

/// When to ask the record, what for, and what to do with the answer.
extension Model {
    /// What the open view needs.
    var subject: ReadRequest.Subject {
        if let opened {
            var query = FailureQuery()
            query.fqdn = opened.fqdn.lowercased()
            let page = ClientPageLayout(self)
            query.offset = max(0, page.firstVisibleFailure - page.height)
            query.limit = page.height * 3
            return .client(fqdn: opened.fqdn, query)
        }
        switch view {
        case .clients:
            var query = clientFilter
            if let grouping {
                var groupQuery = GroupQuery(label: grouping.label)
                groupQuery.clients = query
                groupQuery.selected = groups.followed
                (groupQuery.offset, groupQuery.limit) = groups.window
                return .groups(groupQuery)
            }
            query.sort = sort
            query.direction = direction
            query.selected = clients.followed
            query.wantsDeclarations = true
            (query.offset, query.limit) = clients.window
            return .clients(query)
        case .failures:
            var query = FailureQuery()
            if let failureKind { query.kinds = [failureKind] }
            query.text = failureName.part
            query.glob = failureName.pattern
            // Whole seconds: two requests within one are the same question.
            query.since = failureTime.span.map { (now.wall - $0) / 1000 * 1000 }
            query.selected = failures.followed
            (query.offset, query.limit) = failures.window
            return .failures(query)
        }
    }

    private var clientFilter: ClientQuery {
        var query = ClientQuery()
        query.states = clientState.states
        query.transports = clientState.transports
        query.failingOnly = clientState == .failing
        query.text = clientName.namePart
        query.glob = clientName.namePattern
        query.labels = clientName.labels
        switch clientGroup?.filter {
        case .having(let label)?: query.labels.append(label)
        case .without(let name)?: query.withoutLabel = name
        case nil: break
        }
        return query
    }

    /// The request that the model needs now, if any: at once for a new question, or for lines that are not in memory; else when
    /// the interval has passed and the last answer is in.
    mutating func neededRead() -> [Effect] {
        guard size.isUsable else { return [] }
        let subject = subject
        guard let last = requested else { return [request(subject)] }
        if !subject.isSameQuestion(as: last.subject) { return [request(subject)] }
        if !coversVisible, subject != last.subject { return [request(subject)] }
        if !isPaused, answered == last.number, now.uptime >= nextRefresh { return [request(subject)] }
        return []
    }

    /// Asks, whatever was asked before.
    mutating func request(_ subject: ReadRequest.Subject) -> Effect {
        let request = ReadRequest(number: (requested?.number ?? 0) + 1, subject: subject, held: held)
        requested = request
        nextRefresh = now.uptime + interval.milliseconds
        return .read(request)
    }

    private var coversVisible: Bool {
        if opened != nil { return ClientPageLayout(self).coversVisible }
        if view == .failures { return failures.coversVisible }
        return grouping == nil ? clients.coversVisible : groups.coversVisible
    }

    /// Takes an answer; one to an older request is not worth showing, because the newer one is under way.
    mutating func recordWasRead(_ result: ReadResult) {
        guard result.number == requested?.number, let subject = requested?.subject else { return }
        answered = result.number
        // A record that takes long to read is read less often, so that the disk gets its rest.
        nextRefresh = max(nextRefresh, now.uptime + interval.milliseconds / 2)
        switch result.outcome {
        case .unavailable(let problem):
            self.problem = problem
        case .unchanged(let proxy):
            problem = nil
            overview?.proxy = proxy
        case .read(let overview, let answer):
            problem = nil
            held = result.number
            self.overview = overview
            take(answer, to: subject)
        }
    }

    private mutating func take(_ answer: ReadResult.Answer, to subject: ReadRequest.Subject) {
        switch (answer, subject) {
        case (.groups(let page), .groups(let query)):
            // The key may have been pressed again since.
            guard grouping?.label == query.label else { return }
            if query.label == nil { grouping = Grouping(label: page.label, names: page.names) }
            groups.load(
                rows: page.rows, offset: page.offset, matching: page.matching, followedAt: page.selectedPosition)
        case (.clients(let page), _):
            hasLabels = page.hasLabels
            clients.load(
                rows: page.rows, offset: page.offset, matching: page.matching, followedAt: page.selectedPosition)
        case (.client(let detail, let page), .client(let fqdn, let query)) where opened?.fqdn == fqdn:
            opened?.detail = detail
            opened?.failures = page
            opened?.offset = query.offset
            opened?.isLoaded = true
        case (.failures(let page, let offset), _):
            failures.load(
                rows: page.rows, offset: offset, matching: page.matching, followedAt: page.selectedPosition)
            breakdown = page.byKind
        default: break
        }
    }
}

extension ReadRequest.Subject {
    /// Whether two requests ask for the same thing, but for the window of it and the time that went by.
    func isSameQuestion(as other: Self) -> Bool {
        switch (self, other) {
        case (.clients(var left), .clients(var right)):
            (left.offset, left.limit, left.selected) = (0, 0, nil)
            (right.offset, right.limit, right.selected) = (0, 0, nil)
            return left == right
        case (.groups(var left), .groups(var right)):
            (left.offset, left.limit, left.selected) = (0, 0, nil)
            (right.offset, right.limit, right.selected) = (0, 0, nil)
            return left == right
        case (.client(let left, _), .client(let right, _)): return left == right
        case (.failures(var left), .failures(var right)):
            guard (left.since == nil) == (right.since == nil) else { return false }
            (left.offset, left.limit, left.since, left.selected) = (0, 0, nil, nil)
            (right.offset, right.limit, right.since, right.selected) = (0, 0, nil, nil)
            return left == right
        default: return false
        }
    }
}
