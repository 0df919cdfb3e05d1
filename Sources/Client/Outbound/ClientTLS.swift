import NIOSSL
import Settings
import Web

/// The files of the flags for TLS.
struct ClientTLSFiles: Sendable, Equatable {
    /// Paths of PEM files; `nil` where the flag was not given.
    var authority: String?
    var certificate: String?
    var key: String?

    var isEmpty: Bool { authority == nil && certificate == nil && key == nil }

    /// Reads the files. Takes milliseconds; some 50 where the system's root certificates are read.
    ///
    /// - Parameter files: learns of all that were read.
    /// - Throws: what is wrong, with the file and its flag.
    func makeContext(reading files: inout FilesRead) throws(SettingsProblem) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // The chain is verified here, whom the certificate is for by `ServerIdentity` when the handshake is done.
        configuration.certificateVerification = .noHostnameVerification
        if let authority {
            configuration.trustRoots = .certificates(
                try Self.read(authority, "--tls.cacert", "certificate", &files) { bytes in
                    try NIOSSLCertificate.fromPEMBytes(bytes)
                })
        }
        if let certificate, let key {
            configuration.certificateChain = try Self.read(certificate, "--tls.cert", "certificate", &files) { bytes in
                try NIOSSLCertificate.fromPEMBytes(bytes).map { .certificate($0) }
            }
            let keys = try Self.read(key, "--tls.key", "private key without a passphrase", &files) { bytes in
                [try NIOSSLPrivateKey(bytes: bytes, format: .pem)]
            }
            configuration.privateKey = keys.first.map { .privateKey($0) }
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // What is left to go wrong: a certificate and a key that do not belong together.
            throw SettingsProblem(
                file: certificate ?? authority ?? "the system's root certificates",
                text: "\("\(error)".prefix(200)); do certificate and key belong together? (--tls.cert, --tls.key)")
        }
    }

    /// - Parameter kind: what the file should hold.
    private static func read<Value>(
        _ path: String, _ flag: String, _ kind: String, _ files: inout FilesRead, _ parse: ([UInt8]) throws -> [Value]
    ) throws(SettingsProblem) -> [Value] {
        let bytes: [UInt8]
        do throws(SettingsProblem) {
            bytes = try files.bytes(path)
        } catch {
            throw error.ofFlag(flag)
        }
        if let found = try? parse(bytes), !found.isEmpty { return found }
        throw SettingsProblem(file: path, text: "it holds no \(kind) in PEM").ofFlag(flag)
    }
}

extension SettingsProblem {
    /// The same with the flag that names the file.
    func ofFlag(_ flag: String) -> SettingsProblem {
        SettingsProblem(file: file, line: line, column: column, keyPath: keyPath, text: "\(text) (\(flag))")
    }
}

/// The TLS context of new connections. Confined to the client's event loop once it is there.
///
/// Made on first use unless a flag or the proxy's URL asks for it: reading the system's root certificates takes some 50 ms and
/// megabytes, which a client that speaks plain HTTP does without.
final class ClientTLS {
    /// A route was made with settings of a target that are no longer there.
    struct Outdated: Error, CustomStringConvertible {
        let description = "the target's TLS settings have changed meanwhile"
    }

    private var made: NIOSSLContext?
    private var targets: [Int: TargetTLS] = [:]
    /// How many contexts there have been before this one.
    private(set) var generation = 0

    /// - Parameter context: where it was made already, to see that the files can be used.
    init(context: NIOSSLContext?) { made = context }

    func context() throws -> NIOSSLContext {
        if let made { return made }
        var files = FilesRead()
        let context = try ClientTLSFiles().makeContext(reading: &files)
        made = context
        return context
    }

    /// How the far end of a route is connected to.
    func step(to route: OutboundRoute) throws -> ConnectionSetup.Step {
        guard let number = route.tls else { return .tls(try context(), host: route.host) }
        guard let target = targets[number] else { throw Outdated() }
        return .tls(
            try target.context ?? context(), host: target.serverName ?? route.host, isVerified: target.isVerified)
    }

    /// Whether a connection that was made for a route would be made so now.
    func knows(_ route: OutboundRoute) -> Bool { route.tls.map { targets[$0] != nil } ?? true }

    func replace(with targets: [TargetTLS]) {
        self.targets = Dictionary(targets.map { ($0.number, $0) }) { _, last in last }
    }

    /// Connections that are open keep the one that they began with.
    func replace(with context: NIOSSLContext) {
        made = context
        generation += 1
    }
}
