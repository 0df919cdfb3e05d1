import Glibc
import NIOSSL

/// The TLS settings of the flags, and the context made of them.
///
/// Made on first use unless a flag asks for it: reading the system's root certificates takes some 50 ms and megabytes, which a
/// client that speaks plain HTTP does without. Confined to the client's event loop once it is there.
struct ClientTLSFiles: Sendable, Equatable {
    /// Paths of PEM files; `nil` where the flag was not given.
    var authority: String?
    var certificate: String?
    var key: String?

    var isEmpty: Bool { authority == nil && certificate == nil && key == nil }

    /// A file that can't be used.
    struct Unusable: Error, CustomStringConvertible {
        let flag: String
        let path: String
        let reason: String

        var description: String { "cannot use \(path), given by \(flag): \(reason)" }
    }

    /// - Throws: `Unusable`, which names the flag and the file.
    func makeContext() throws(Unusable) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // The chain is verified here, whom the certificate is for by `ServerIdentity` when the handshake is done.
        configuration.certificateVerification = .noHostnameVerification
        if let authority {
            let certificates = try Self.read(authority, "--tls.cacert") { try NIOSSLCertificate.fromPEMFile($0) }
            guard !certificates.isEmpty else {
                throw Unusable(flag: "--tls.cacert", path: authority, reason: "it holds no PEM certificate")
            }
            configuration.trustRoots = .certificates(certificates)
        }
        if let certificate, let key {
            configuration.certificateChain = try Self.read(certificate, "--tls.cert") {
                try NIOSSLCertificate.fromPEMFile($0).map { .certificate($0) }
            }
            configuration.privateKey = try Self.read(key, "--tls.key") {
                .privateKey(try NIOSSLPrivateKey(file: $0, format: .pem))
            }
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // What is left to go wrong: a certificate and a key that do not belong together.
            throw Unusable(
                flag: "--tls.cert", path: certificate ?? authority ?? "the system's root certificates",
                reason: "\(error)".prefix(200) + "; do certificate and key belong together?")
        }
    }

    private static func read<Value>(
        _ path: String, _ flag: String, _ load: (String) throws -> Value
    ) throws(Unusable) -> Value {
        // NIOSSL's own errors don't say that a file is missing.
        guard access(path, R_OK) == 0 else {
            throw Unusable(flag: flag, path: path, reason: String(cString: strerror(errno)))
        }
        do {
            return try load(path)
        } catch {
            throw Unusable(flag: flag, path: path, reason: "it holds no PEM of the kind that is expected there")
        }
    }
}

/// The one TLS context of a program, made when it is first asked for.
final class ClientTLS {
    private let files: ClientTLSFiles
    private var made: NIOSSLContext?

    /// - Parameter context: where it was made already, to see that the files can be used.
    init(files: ClientTLSFiles, context: NIOSSLContext?) {
        self.files = files
        made = context
    }

    func context() throws -> NIOSSLContext {
        if let made { return made }
        let context = try files.makeContext()
        made = context
        return context
    }
}
