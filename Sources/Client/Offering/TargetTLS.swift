import NIOSSL
import Settings
import Synchronization
import Web
import Wire

/// How one target is reached over TLS, where it is another way than the proxy is.
struct TargetTLS: Sendable {
    private static let numbers = Atomic<Int>(0)

    /// Never used twice: what was connected by one is not taken for what another asks for.
    let number: Int
    /// `nil` for the client's own: that of `--tls.cacert`, or the system's certificates.
    let context: NIOSSLContext?
    /// Whom the certificate must be for; `nil` for the host of the address.
    let serverName: String?
    /// Whether the certificate is looked at, at all.
    let isVerified: Bool
    /// What `ca_file` holds; `nil` where there is none.
    private let authorities: [UInt8]?

    private init(_ context: NIOSSLContext?, authorities: [UInt8]? = nil, serverName: String?, isVerified: Bool) {
        number = Self.numbers.add(1, ordering: .relaxed).newValue
        self.context = context
        self.authorities = authorities
        self.serverName = serverName
        self.isVerified = isVerified
    }

    /// Whether somebody is reached in the same way, and trusted for the same reasons.
    func isSame(as other: TargetTLS) -> Bool {
        authorities == other.authorities && serverName == other.serverName && isVerified == other.isVerified
    }

    static let keys = ["ca_file", "server_name", "insecure_skip_verify"]

    /// - Parameter files: learns of the file that it names.
    init(_ value: SettingsValue, reading files: inout FilesRead) throws(SettingsProblem) {
        let map = try value.map(Self.keys)
        let serverName = try map["server_name"].map { (value) throws(SettingsProblem) in try value.host() }
        let isVerified = try map["insecure_skip_verify"]?.bool() != true
        guard isVerified || map["ca_file"] == nil else {
            throw map.problem("ca_file means nothing with insecure_skip_verify: give one of them")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // The chain is verified here, whom the certificate is for by `ServerIdentity` when the handshake is done.
        configuration.certificateVerification = isVerified ? .noHostnameVerification : .none
        var authorities: [UInt8]?
        if let file = map["ca_file"] {
            let path = try file.fileName()
            let bytes = try file.reading { () throws(SettingsProblem) in try files.bytes(path) }
            guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
                throw file.problem("\(path) holds no certificate in PEM")
            }
            configuration.trustRoots = .certificates(found)
            authorities = bytes
        } else if isVerified {
            self.init(nil, serverName: serverName, isVerified: true)
            return
        } else {
            // Reading the system's takes some 50 ms, and nothing would be verified by them.
            configuration.trustRoots = .certificates([])
        }
        do {
            self.init(
                try NIOSSLContext(configuration: configuration), authorities: authorities, serverName: serverName,
                isVerified: isVerified)
        } catch {
            throw value.problem("TLS can't be set up so: \("\(error)".prefix(200))")
        }
    }
}

extension SettingsValue {
    /// A host name or an IP address.
    func host() throws(SettingsProblem) -> String {
        try parsed(as: "a host name or an IP address") { FQDN($0)?.spelling }
    }

    /// What is wrong with a file that is named here, at the place where it is named.
    func reading<Value>(_ read: () throws(SettingsProblem) -> Value) throws(SettingsProblem) -> Value {
        do throws(SettingsProblem) {
            return try read()
        } catch {
            throw problem("\(error)")
        }
    }
}
