import Clients
import Logging
import Settings
import Synchronization
import Tunnel
import Web
import Wire

/// What flags say of the client's own name.
struct OwnFlags: Sendable {
    var fqdn: FQDN?
    /// Where to connect in place of the name: `--scrape.address`.
    var address: String?
    var labels: [Label] = []
    var targets: [DeclaredTarget] = []
}

/// What the client offers, as flags and file have it now. Read at start; `reloadables` read it again.
final class OfferSource: Sendable {
    /// An offer, with what is needed to connect to its targets.
    struct Loaded: Sendable {
        let offer: Offer
        let tls: [TargetTLS]
        fileprivate let notes: [SettingsProblem]
    }

    private struct State {
        var loaded: Loaded
        var listener: (@Sendable (Loaded) -> Void)?
        var reloadables: [any Reloadable] = []
    }

    private let state: Mutex<State>

    /// - Throws: what is wrong with the file, or with the flags.
    init(_ configuration: ClientConfiguration, metrics: ClientMetrics, logger: Logger) throws(SettingsProblem) {
        guard let path = configuration.file else {
            state = Mutex(State(loaded: try Self.merge(nil, configuration, own: configuration.fqdn)))
            return
        }
        // Taken over by the first version.
        let nothing = Offer(
            names: [Offer.Name(fqdn: configuration.fqdn, address: nil, declaration: .none, targets: [])])
        state = Mutex(State(loaded: Loaded(offer: nothing, tls: [], notes: [])))
        let reloaded = try ReloadedConfiguration<Loaded>(
            "client", metrics: metrics.reload(of: "client"), logger: logger
        ) { (files, _) throws(SettingsProblem) in
            let file = try ClientFile(path: path, reading: &files)
            return try Self.merge(file, configuration, own: try Self.ownName(file, configuration))
        } adopt: { loaded in
            for note in loaded.notes {
                logger.warning("configuration", metadata: ["config": "client", "note": "\(note)"])
            }
            // The listener is called under the lock, so that none is called after `close`.
            self.state.withLock { state in
                state.loaded = loaded
                state.listener?(loaded)
            }
        }
        state.withLock { $0.reloadables.append(reloaded) }
    }

    /// What `Reloading` has to look after; empty without a file.
    var reloadables: [any Reloadable] { state.withLock { $0.reloadables } }

    /// As of now. Nothing changes before somebody looks.
    var current: Loaded { state.withLock { $0.loaded } }

    /// - Parameter listener: hears of every change from now on, on the thread that reads files; must not block.
    func listen(_ listener: @escaping @Sendable (Loaded) -> Void) { state.withLock { $0.listener = listener } }

    /// Nobody hears of anything after this.
    func close() {
        state.withLock { state in
            state.listener = nil
            // They hold this.
            state.reloadables = []
        }
    }

    private static func ownName(
        _ file: ClientFile, _ configuration: ClientConfiguration
    ) throws(SettingsProblem) -> FQDN {
        if let name = configuration.own.fqdn ?? file.fqdn { return name }
        guard configuration.isNameOfFile else { return configuration.fqdn }
        do {
            return try MachineName.fullyQualified()
        } catch {
            throw file.problem("fqdn is missing, and \(error)")
        }
    }

    /// Flags win. What they say of labels and targets is added to what the file says.
    private static func merge(
        _ file: ClientFile?, _ configuration: ClientConfiguration, own: FQDN
    ) throws(SettingsProblem) -> Loaded {
        let flags = configuration.own
        let problem = { (text: String) in
            file?.problem(text) ?? SettingsProblem(file: "--label, --target", text: text)
        }
        if let file, configuration.isProxyURLOfFile, file.proxyURL != configuration.proxyURL {
            throw file.proxyURLProblem("proxy_url can't become another while the client runs: restart it")
        }
        let labels =
            flags.labels + (file?.labels ?? []).filter { label in !flags.labels.contains { $0.name == label.name } }
        let targets =
            (file?.targets ?? [])
            + flags.targets.filter { target in
                file?.targets.contains { $0.declared.place == target.place } != true
            }.map { Offer.Target(declared: $0) }
        let declaration: Declaration
        do throws(DeclarationProblem) {
            declaration = try Declaration(labels: labels, targets: targets.map(\.declared))
        } catch {
            throw problem(error.explanation)
        }
        let others = file?.names ?? []
        if others.contains(where: { $0.fqdn == own }) {
            throw file?.problem(with: own, "this is the client's own name already") ?? problem("\(own) is there twice")
        }
        let name = Offer.Name(
            fqdn: own, address: flags.address ?? file?.address, declaration: declaration, targets: targets)
        let offer = Offer(names: [name] + others, onlyTargets: file?.onlyTargets ?? false)
        guard
            Hello(
                offer, streams: configuration.maxInFlight, instance: InstanceID(),
                agent: String(repeating: "-", count: 200)
            ).fits
        else {
            throw problem(
                "more names, labels and targets than a client can say at once: "
                    + "\(Hello.maxNames) names, or 64 KiB with all that is said of them")
        }
        return Loaded(offer: offer, tls: file?.tls ?? [], notes: file?.notes ?? [])
    }
}

extension Hello {
    init(_ offer: Offer, streams: Int, instance: InstanceID, agent: String) {
        self.init(
            names: offer.names.map(\.fqdn), streams: streams, instance: instance, agent: agent,
            declarations: offer.declarations)
    }
}
