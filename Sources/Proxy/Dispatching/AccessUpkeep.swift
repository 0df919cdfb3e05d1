import Web

/// Keeps what runs in step with the access rules: after they have changed, and as certificates run out. To stand behind the web
/// configurations in the list of what `Reloading` looks after, whose users are part of the rules.
struct AccessUpkeep: Reloadable {
    let sources: [AccessSource]
    let dispatcher: Dispatcher

    func look(isAsked: Bool) {
        var isDue = false
        for source in sources {
            let hasChanged = source.look(isAsked: isAsked)
            isDue = isDue || hasChanged || source.desk.rules.knowsCertificates
        }
        if isDue { dispatcher.judgeAgain() }
    }
}
