/// Writes the entries of service discovery: those of the proxy's `/clients` and of `pushprox-admin sd`, in the format of Prometheus's
/// `http_sd_configs` and `file_sd_configs`.
///
/// A name that declares no targets has one entry, `{"targets":["web-1"],"labels":{…}}`, which is upstream's to the byte where it declares no labels
/// either; another has one for each target, whose path and parameters stand in `__metrics_path__` and `__param_…`.
public struct DiscoveryWriter: Sendable {
    /// What is written of what there is.
    public struct Options: Hashable, Sendable {
        public var labels: DiscoveryLabels
        /// Whether there are labels to relabel by: `__meta_pushprox_fqdn`, `…_state`, `…_agent`.
        public var hasMeta: Bool
        /// Unless empty: declared targets with other ports are left out, and names without targets have one with each of these.
        public var ports: [UInt16]
        /// Entries that don't have all of these labels, as they stand in the entry, are left out.
        public var having: [Label]
        /// Whether each entry stands on a line of its own.
        public var hasLines: Bool

        public init(
            labels: DiscoveryLabels = .asGiven, hasMeta: Bool = false, ports: [UInt16] = [], having: [Label] = [],
            hasLines: Bool = false
        ) {
            self.labels = labels
            self.hasMeta = hasMeta
            self.ports = ports
            self.having = having
            self.hasLines = hasLines
        }
    }

    private let options: Options
    /// As the client declares them; `nil` where no entry can have them.
    private let wanted: [(name: Substring, value: String)]?
    private var bytes: [UInt8] = []
    // What the entries of a name have in common, made once for all of them: a name has some three targets, a fleet hundreds of thousands.
    /// An entry up to the name.
    private var beginning: [UInt8] = []
    /// Between the port and the labels of the target: those of the name, each with a comma behind it.
    private var middle: [UInt8] = []
    private var ending: [UInt8] = []

    public init(_ options: Options = Options()) {
        self.options = options
        switch options.labels {
        case .off: wanted = options.having.isEmpty ? [] : nil
        case .asGiven: wanted = options.having.map { ($0.name[...], $0.value) }
        case .prefixed:
            let prefix = DiscoveryLabels.prefix
            wanted =
                options.having.allSatisfy { $0.name.hasPrefix(prefix) }
                ? options.having.map { ($0.name.dropFirst(prefix.count), $0.value) } : nil
        }
    }

    /// The entries written since the last time, each with a comma before it.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Room for so many more bytes.
    public mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    /// - Parameters:
    ///   - fqdn: As the client spells it; an IPv6 literal without brackets.
    ///   - agent: As the client has it; empty for none.
    /// - Returns: How many entries were written.
    @discardableResult
    public mutating func write(_ fqdn: String, _ declaration: Declaration, state: ListedState, agent: String) -> Int {
        guard let wanted else { return 0 }
        let hasLabels = options.labels != .off
        beginning.restart(options.hasLines ? ",\n{\"targets\":[\"" : ",{\"targets\":[\"")
        beginning.appendHost(fqdn)
        middle.restart("\"],\"labels\":{")
        if hasLabels { Self.append(declaration.labels, options.labels, to: &middle) }
        ending.removeAll(keepingCapacity: true)
        if options.hasMeta { appendMeta(fqdn, state, agent) }
        ending.append("}}")

        guard !declaration.targets.isEmpty else {
            guard declaration.labels.satisfy(wanted, over: []) else { return 0 }
            bytes.append(contentsOf: beginning)
            for (number, port) in options.ports.enumerated() {
                if number > 0 {
                    bytes.append("\",\"")
                    bytes.appendHost(fqdn)
                }
                bytes.appendPort(port)
            }
            bytes.append(contentsOf: middle)
            endEntry()
            return 1
        }
        var count = 0
        for target in declaration.targets where options.ports.isEmpty || options.ports.contains(target.port) {
            guard wanted.isEmpty || target.labels.satisfy(wanted, over: declaration.labels) else { continue }
            count += 1
            bytes.append(contentsOf: beginning)
            bytes.appendPort(target.port)
            if hasLabels, target.labels.overrideAny(of: declaration.labels) {
                bytes.append("\"],\"labels\":{")
                let others = declaration.labels.filter { label in !target.labels.contains { $0.name == label.name } }
                Self.append(others, options.labels, to: &bytes)
            } else {
                bytes.append(contentsOf: middle)
            }
            if hasLabels { Self.append(target.labels, options.labels, to: &bytes) }
            bytes.append(target.path)
            endEntry()
        }
        return count
    }

    private mutating func appendMeta(_ fqdn: String, _ state: ListedState, _ agent: String) {
        ending.append("\"__meta_pushprox_fqdn\":\"")
        ending.appendEscaped(fqdn)
        ending.append("\",\"__meta_pushprox_state\":\"")
        ending.appendRaw(state.rawValue)
        ending.append("\",\"__meta_pushprox_agent\":\"")
        ending.appendEscaped(agent)
        ending.append("\"")
    }

    private mutating func endEntry() {
        // Labels have a comma behind them; the last one needs none.
        if !options.hasMeta, bytes.last == UInt8(ascii: ",") { bytes.removeLast() }
        bytes.append(contentsOf: ending)
    }

    private static func append(_ labels: [Label], _ policy: DiscoveryLabels, to bytes: inout [UInt8]) {
        for label in labels {
            bytes.append("\"")
            if policy == .prefixed { bytes.appendRaw(DiscoveryLabels.prefix) }
            bytes.appendRaw(label.name)
            bytes.append("\":\"")
            bytes.appendEscaped(label.value)
            bytes.append("\",")
        }
    }
}

extension [Label] {
    fileprivate func overrideAny(of others: [Label]) -> Bool {
        guard !isEmpty, !others.isEmpty else { return false }
        return contains { label in others.contains { $0.name == label.name } }
    }

    /// Whether all wanted ones are here, or among the others, which these win over.
    fileprivate func satisfy(_ wanted: [(name: Substring, value: String)], over others: [Label]) -> Bool {
        wanted.allSatisfy { name, value in
            (first { $0.name == name } ?? others.first { $0.name == name })?.value == value
        }
    }
}
