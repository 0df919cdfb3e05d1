import Clients
import Settings
import Web
import Wire

/// The client's configuration file (`--config.file`), read and usable.
struct ClientFile: Sendable {
    static let keys = ["proxy_url", "fqdn", "address", "labels", "targets", "only_targets", "names"]

    let proxyURL: HTTPURL?
    let fqdn: FQDN?
    /// As `--scrape.address`.
    let address: String?
    let labels: [Label]
    let targets: [Offer.Target]
    let onlyTargets: Bool
    /// Other names.
    let names: [Offer.Name]
    let tls: [TargetTLS]
    /// What is taken, and not wise: for the log.
    let notes: [SettingsProblem]
    private let root: SettingsValue
    private let proxyURLValue: SettingsValue?
    private let places: [FQDN: SettingsValue]

    /// Reads the file and those that it names. Blocks for some milliseconds: not on an event loop.
    ///
    /// - Parameter files: learns of all files that were read.
    /// - Throws: the first thing that is wrong, with file, line and key.
    init(path: String, reading files: inout FilesRead) throws(SettingsProblem) {
        root = try files.settings(path)
        let map = try root.map(Self.keys)
        var reader = OfferReader()
        proxyURLValue = map["proxy_url"]
        proxyURL = try map["proxy_url"].map { (value) throws(SettingsProblem) in try Self.proxyURL(value) }
        fqdn = try map["fqdn"]?.fqdn()
        address = try map["address"]?.host()
        labels = try reader.labels(map["labels"])
        targets = try reader.targets(map["targets"], reading: &files)
        onlyTargets = try map["only_targets"]?.bool() ?? false
        names = try reader.names(map["names"], reading: &files)
        places = reader.places
        tls = reader.tls
        notes = reader.notes
    }

    /// What is wrong with the file as a whole.
    func problem(_ text: String) -> SettingsProblem { root.problem(text) }

    /// What is wrong with one of the other names.
    func problem(with name: FQDN, _ text: String) -> SettingsProblem {
        places[name]?.problem(text) ?? root.problem(text)
    }

    /// What is wrong with `proxy_url`, or with there being none.
    func proxyURLProblem(_ text: String) -> SettingsProblem { proxyURLValue?.problem(text) ?? root.problem(text) }

    /// It may hold a password, which errors must not repeat.
    private static func proxyURL(_ value: SettingsValue) throws(SettingsProblem) -> HTTPURL {
        let expected = "an http:// or https:// URL of a proxy"
        let text = try value.secret(expected).exposed
        do throws(HTTPURL.Malformed) {
            return try HTTPURL(text)
        } catch {
            throw value.problem("expected \(expected), but \(error.explanation)")
        }
    }
}

extension SettingsValue {
    func fqdn() throws(SettingsProblem) -> FQDN {
        try parsed(as: "a host name (letters, digits, -, _ and .) or an IP address") { FQDN($0) }
    }
}
