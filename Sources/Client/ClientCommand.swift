import ArgumentParser
import Clients
import Flags
import Settings
import Telemetry
import Web
import Wire

/// The command line of `pushprox-client`.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pushprox-client",
        abstract: "Lets Prometheus scrape this machine through a PushProx proxy, from behind NAT or a firewall.",
        discussion: """
            The client keeps a connection to the proxy open, receives scrapes for its FQDN on it, carries them out against \
            this machine and sends the responses back. It needs no open port of its own.

            HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured for all its requests.

            Example: pushprox-client --proxy-url=https://proxy.example.org/
            """,
        version: Version.line(program: "pushprox-client"))

    private typealias Default = ClientConfiguration.Default
    private static let standardMetricsAddress = MetricsAddress(address: ListenAddress(host: "", port: 9369))

    @Option(
        name: .customLong("config.file"),
        help: ArgumentHelp(
            "Configuration file (YAML): labels, targets with their addresses and credentials, other names; read again when it or "
                + "a file that it names changes, and on SIGHUP. Flags win over it.",
            valueName: "file"))
    var configurationFile: String?

    @Option(
        help: ArgumentHelp(
            "FQDN to register with; scrapes for any other host are refused, but for the names in --config.file. (default: this machine's, as hostname -f gives it)",
            valueName: "name"))
    var fqdn: String?

    @Option(
        help: ArgumentHelp(
            "Push proxy to talk to: http://… or https://…, with a path prefix and user:password@ where it needs them. "
                + "Required, here or in --config.file.",
            valueName: "url"),
        transform: { text in Result { () throws(HTTPURL.Malformed) in try HTTPURL(text) } })
    // The argument parser prints values that it refuses, and this one may hold a password: `validate` refuses it without.
    var proxyURL: Result<HTTPURL, HTTPURL.Malformed>?

    @Option(
        name: .customLong("proxy.token-file"),
        help: ArgumentHelp(
            "File with the token to show to the proxy (Bearer); read again when it changes.", valueName: "file"))
    var tokenFile: String?

    @Option(
        name: .customLong("proxy.password-file"),
        help: ArgumentHelp(
            "File with the password of the user that --proxy-url names (Basic); read again when it changes.",
            valueName: "file"))
    var passwordFile: String?

    @Option(
        name: .customLong("tls.cacert"),
        help: ArgumentHelp(
            "CA certificates (PEM) to verify the proxy and https targets against, instead of the system's; "
                + "read again when they change.",
            valueName: "file"))
    var certificateAuthority: String?

    @Option(
        name: .customLong("tls.cert"),
        help: ArgumentHelp(
            "Client certificate (PEM) to show, with its chain; read again when it changes.", valueName: "file"))
    var certificate: String?

    @Option(
        name: .customLong("tls.key"),
        help: ArgumentHelp("Private key (PEM) of the client certificate.", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Serve /metrics, /-/healthy and /-/ready at this address; empty for not at all. (default: \(ClientCommand.standardMetricsAddress))",
            valueName: "host:port"),
        transform: MetricsAddress.parse)
    var metricsAddr = ClientCommand.standardMetricsAddress

    @Option(
        name: .customLong("web.config.file"),
        help: ArgumentHelp(
            "Web configuration file (TLS, users, response headers, rate limit) of --metrics-addr, in the format of Prometheus's "
                + "exporter-toolkit; read again when it or a file that it names changes, and on SIGHUP.",
            valueName: "file"))
    var webConfigurationFile: String?

    @Option(
        name: .customLong("proxy.transport"),
        help: ArgumentHelp(
            "How scrapes come from the proxy: through a tunnel, by polls, or (auto) by polls only where there is no tunnel.",
            valueName: "transport"))
    var transport = Default.transport

    @Option(
        name: .customLong("proxy.retry.initial-wait"),
        help: ArgumentHelp(
            "How long to wait after the proxy failed; grows with every failure. (default: \(Default.retryInitialWait))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var retryInitialWait = Default.retryInitialWait

    @Option(
        name: .customLong("proxy.retry.max-wait"),
        help: ArgumentHelp(
            "How long to wait at most between attempts to reach the proxy. (default: \(Default.retryMaxWait))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var retryMaxWait = Default.retryMaxWait

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "A label of this client for service discovery, such as site=berlin.", valueName: "name=value"),
        transform: parseLabel)
    var labels: [Label] = []

    @Option(
        name: .customLong("target"),
        help: ArgumentHelp(
            "A port, and a path unless it is /metrics, that this client offers in service discovery, such as 9100 or "
                + "9116/snmp?module=if_mib.",
            valueName: "target"),
        transform: parseTarget)
    var targets: [DeclaredTarget] = []

    @Option(
        name: .customLong("scrape.address"),
        help: ArgumentHelp(
            "Host to connect to for scrapes, such as 127.0.0.1, in place of the one that the FQDN leads to.",
            valueName: "host"),
        transform: parseHost)
    var scrapeAddress: String?

    @Option(
        name: .customLong("scrape.max-in-flight"),
        help: ArgumentHelp(
            "How many scrapes may run at once; others are answered with an error. (default: \(Default.maxInFlight))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...10_000))
    var maxInFlight = Default.maxInFlight

    @Option(
        name: .customLong("scrape.allow-methods"),
        help: ArgumentHelp(
            "HTTP methods that scrapes may use, with commas between them; others are refused. "
                + "(default: \(Default.methods))",
            valueName: "methods"),
        transform: parseMethods)
    var allowMethods: [ScrapeMethods] = []

    @Option(
        name: .customLong("scrape.allow"),
        help: ArgumentHelp(
            "A port, or a port and a path with * for anything, that may be scraped, such as 9100, 9100/metrics or 9113/probe*. "
                + "Nothing else is scraped then. (default: everything)",
            valueName: "target"),
        transform: parseAllowed)
    var allow: [AllowedTarget] = []

    @Option(
        name: .customLong("shutdown.grace"),
        help: ArgumentHelp(
            "How long running scrapes may go on after SIGTERM or SIGINT. (default: \(Default.shutdownGrace))",
            valueName: "duration"),
        transform: FlagValue.duration)
    var shutdownGrace = Default.shutdownGrace

    @OptionGroup(title: "Logging") var log: LogOptions

    mutating func validate() throws {
        if (certificate == nil) != (key == nil) {
            throw ValidationError("--tls.cert and --tls.key belong together: give both or neither.")
        }
        switch proxyURL {
        case .failure(let malformed):
            throw ValidationError(
                "The value of '--proxy-url <url>' is invalid: expected an http:// or https:// URL of a proxy, "
                    + "but \(malformed.explanation).")
        case .success(let url):
            if let trouble = credentialTrouble(of: url, in: "--proxy-url") { throw ValidationError(trouble) }
        case nil:
            guard configurationFile != nil else {
                throw ValidationError("Missing expected argument '--proxy-url <url>', or proxy_url in --config.file")
            }
        }
        do throws(DeclarationProblem) {
            _ = try Declaration(labels: labels, targets: targets)
        } catch {
            throw ValidationError("--label and --target can't be taken together: \(error.explanation).")
        }
        if let fqdn, FQDN(fqdn) == nil {
            throw ValidationError(
                "The value '\(fqdn)' is invalid for '--fqdn <name>': expected a host name (letters, digits, -, _ and .) "
                    + "or an IP address, of at most \(FQDN.maxBytes) bytes.")
        }
    }

    /// There is one credential, in one place.
    ///
    /// - Parameter place: Where the URL was given.
    /// - Returns: What is wrong, in a sentence; it has nothing of the URL.
    private func credentialTrouble(of url: HTTPURL, in place: String) -> String? {
        let user = url.user
        switch (tokenFile, passwordFile) {
        case (.some, .some):
            return "--proxy.token-file and --proxy.password-file exclude each other: give one of them."
        case (.some, nil) where user != nil:
            return "--proxy.token-file takes the place of the user in \(place): give one of them."
        case (nil, .some):
            guard let user, !user.name.isEmpty else {
                return "--proxy.password-file needs the user's name in \(place): https://user@…."
            }
            if !user.password.isEmpty {
                return "--proxy.password-file takes the place of the password in \(place): give one of them."
            }
            return nil
        default: return nil
        }
    }

    private var credential: ProxyCredential {
        tokenFile.map { .tokenFile($0) } ?? passwordFile.map { .passwordFile($0) } ?? .url
    }

    func run() async throws {
        log.bootstrap()
        try await ClientProgram(configuration: clientConfiguration()).run()
    }

    /// What the flags say together with what the machine says.
    func clientConfiguration() throws -> ClientConfiguration {
        var files = FilesRead()
        let file = try configurationFile.map { (path) throws(Unusable) in
            do throws(SettingsProblem) {
                return try ClientFile(path: path, reading: &files)
            } catch {
                throw Unusable(description: "\(error) (--config.file)")
            }
        }
        let url: HTTPURL
        if let proxyURL {
            url = try proxyURL.get()
        } else if let file, let found = file.proxyURL {
            url = found
            if let trouble = credentialTrouble(of: url, in: "proxy_url") {
                throw Unusable(description: "\(file.proxyURLProblem(trouble)) (--config.file)")
            }
        } else {
            throw ValidationError("There is no proxy to talk to: give --proxy-url, or proxy_url in --config.file")
        }
        let flag = fqdn.flatMap { FQDN($0) }
        return ClientConfiguration(
            fqdn: try flag ?? file?.fqdn ?? MachineName.fullyQualified(),
            isNameOfFile: flag == nil && file?.fqdn != nil, proxyURL: url, isProxyURLOfFile: proxyURL == nil,
            file: configurationFile,
            own: OwnFlags(fqdn: flag, address: scrapeAddress, labels: labels, targets: targets),
            credential: credential,
            tls: ClientTLSFiles(authority: certificateAuthority, certificate: certificate, key: key),
            metricsAddress: metricsAddr.address, webConfigurationFile: webConfigurationFile,
            transport: transport,
            retryInitialWait: retryInitialWait.timeAmount,
            retryMaxWait: retryMaxWait.timeAmount,
            maxInFlight: maxInFlight,
            methods: allowMethods.isEmpty ? Default.methods : ScrapeMethods(union: allowMethods),
            allowed: allow,
            shutdownGrace: shutdownGrace.timeAmount,
            environment: try ProxyEnvironment(MachineName.environment()))
    }
}

/// A configuration file that can't be used, in one line.
private struct Unusable: Error, CustomStringConvertible {
    let description: String
}

@Sendable private func parseLabel(_ text: String) throws -> Label {
    do throws(DeclarationProblem) {
        return try Label(written: text)
    } catch {
        throw ValidationError("expected a label such as site=berlin, but \(error.explanation)")
    }
}

@Sendable private func parseTarget(_ text: String) throws -> DeclaredTarget {
    do throws(DeclarationProblem) {
        return try DeclaredTarget(written: text)
    } catch {
        throw ValidationError("expected a port and perhaps a path, such as 9113/metrics, but \(error.explanation)")
    }
}

@Sendable private func parseHost(_ text: String) throws -> String {
    guard let host = FQDN(text) else { throw ValidationError("expected a host name or an IP address") }
    return host.spelling
}

@Sendable private func parseMethods(_ text: String) throws -> ScrapeMethods {
    guard let methods = ScrapeMethods(text) else {
        throw ValidationError("expected HTTP methods other than CONNECT, such as GET,HEAD,POST")
    }
    return methods
}

@Sendable private func parseAllowed(_ text: String) throws -> AllowedTarget {
    do throws(AllowedTarget.Malformed) {
        return try AllowedTarget(text)
    } catch {
        throw ValidationError("expected a port and perhaps a path, such as 9100/metrics, but \(error.explanation)")
    }
}

extension TransportMode: ExpressibleByArgument {}

/// The value of `--metrics-addr`.
struct MetricsAddress: Sendable, CustomStringConvertible {
    /// `nil` for nowhere.
    let address: ListenAddress?

    var description: String { address?.description ?? "" }

    @Sendable static func parse(_ text: String) throws -> MetricsAddress {
        MetricsAddress(address: text.isEmpty ? nil : try FlagValue.listenAddress(text))
    }
}
