/// Makes the database at a path ready to be written, whatever stands there. The lock must be held.
struct Opening {
    let files: DatabaseFiles
    let schema: Schema
    let options: WriterOptions
    let identity: ProxyIdentity
    let now: UnixMilliseconds

    func open() throws(StoreError) -> (session: WriterSession, outcome: OpenOutcome) {
        if try FileIdentity.at(files.database) == nil { try Rescue(files: files).putInPlace() }
        switch try Content.inspect(files, busyTimeout: options.busyTimeout) {
        case .absent, .empty:
            return try create(.created)
        case .foreign(let applicationID):
            throw StoreError(.foreignDatabase(applicationID: applicationID), path: files.given)
        case .notADatabase:
            return try replace(StoreError(.notADatabase, path: files.given))
        case .corrupt(let detail):
            return try replace(StoreError(.corrupt, path: files.given, detail: detail))
        case .record(let version) where version > schema.version:
            throw StoreError(.newerSchema(found: version, known: schema.version), path: files.given)
        case .record(let version):
            do throws(StoreError) {
                return try start(version < schema.version ? .migrated(from: version) : .opened)
            } catch  where error.isDamage {
                return try replace(error)
            }
        }
    }

    private func replace(_ reason: StoreError) throws(StoreError) -> (WriterSession, OpenOutcome) {
        let target = try files.moveAside(now: now)
        return try create(.movedAside(to: target, reason: reason))
    }

    private func create(_ origin: OpenOutcome.Origin) throws(StoreError) -> (WriterSession, OpenOutcome) {
        try files.makeFolder()
        if try FileIdentity.at(files.database)?.size ?? 0 == 0 { try files.removeLeftovers() }
        try files.makeDatabase()
        return try start(origin)
    }

    private func start(_ origin: OpenOutcome.Origin) throws(StoreError) -> (WriterSession, OpenOutcome) {
        let session = try WriterSession(files, schema: schema, options: options)
        // A copy of an older loss must not come back when this file is lost one day.
        Rescue(files: files).forget()
        do throws(StoreError) {
            let restart = try session.restart(as: identity, now: now)
            let outcome = OpenOutcome(
                origin: origin, downtime: restart.downtime, stoppedInOrder: restart.stoppedInOrder,
                restored: restart.restored)
            return (session, outcome)
        } catch {
            session.connection.close()
            throw error
        }
    }
}
