import Foundation
import TestKit

/// A reverse proxy of the system's, nginx or HAProxy, before the clients' side of a proxy, set up by what docs/operations.md says.
///
/// Words are replaced only where the page's machine is another: ports and paths, and TLS where nginx's recipe leaves it to who reads it.
struct Gateway {
    struct Failed: Error { let description: String }

    let program: Program
    let port: Int

    /// What the page has clients show to nginx.
    static let user = "edge"
    static let password = "a secret of the gateway's"

    /// nginx, with TLS and a password, under the page's path prefix.
    ///
    /// - Parameters:
    ///   - tunnels: whether it has the location for tunnels.
    ///   - pair: its certificate.
    static func nginx(
        to proxy: LiveProxy, tunnels: Bool, _ pair: TestAuthority.Pair, in folder: TemporaryFolder
    ) async throws -> Gateway {
        let users = try folder.write("\(user):{PLAIN}\(password)\n", to: "pushprox.htpasswd")
        var locations = try changed(
            try RecipePage("docs/operations.md").recipe("nginx"),
            ["http://127.0.0.1:8080": "http://127.0.0.1:\(proxy.port)", "/etc/nginx/pushprox.htpasswd": users])
        if !tunnels {
            guard let end = locations.firstRange(of: "}\n"), locations.contains("location = /pushprox/tunnel {") else {
                throw Failed(description: "the recipe for nginx does not begin with the location for tunnels")
            }
            locations = String(locations[end.upperBound...])
        }
        return try await start("nginx", in: folder) { port in
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "    \($0)_temp_path \(folder.file($0));\n"
            }
            let file = try folder.write(
                """
                daemon off;
                # One process, which is whoever runs the tests.
                master_process off;
                pid \(folder.file("nginx.pid"));
                events {}
                http {
                    access_log off;
                \(temporary.joined())
                    server {
                        listen 127.0.0.1:\(port) ssl;
                        ssl_certificate \(pair.certificate);
                        ssl_certificate_key \(pair.key);
                \(locations)
                    }
                }

                """, to: "nginx.conf")
            return ["-c", file, "-e", "stderr"]
        }
    }

    /// HAProxy, with TLS.
    ///
    /// - Parameters:
    ///   - tunnels: whether it lets requests for tunnels through.
    ///   - pair: its certificate.
    static func haproxy(
        to proxy: LiveProxy, tunnels: Bool, _ pair: TestAuthority.Pair, in folder: TemporaryFolder
    ) async throws -> Gateway {
        let files = try [pair.certificate, pair.key].map { try String(contentsOfFile: $0, encoding: .utf8) }
        let both = try folder.write(files.joined(), to: "pushprox.pem")
        let recipe = try RecipePage("docs/operations.md").recipe("haproxy")
        return try await start("haproxy", in: folder) { port in
            var changes = [
                "bind :443": "bind 127.0.0.1:\(port)", "/etc/haproxy/pushprox.pem": both,
                "127.0.0.1:8080": "127.0.0.1:\(proxy.port)",
            ]
            if !tunnels { changes["path /tunnel "] = "path " }
            return ["-db", "-f", try folder.write(try changed(recipe, changes), to: "haproxy.cfg")]
        }
    }

    /// Starts it, and waits until it takes connections.
    ///
    /// - Parameter arguments: are made for the port that it is to listen on.
    private static func start(
        _ name: String, in folder: TemporaryFolder, _ arguments: (_ port: Int) throws -> [String]
    ) async throws -> Gateway {
        // It can't be asked which port the system gave it, so it is given one that is held for it.
        let held = try RefusingPort()
        let program = try Program(try Executable.installed(name), try arguments(held.port))
        try await eventually("\(name) to listen: \(program.errors.text)") {
            guard let connection = try? await RawConnection.open(port: held.port) else { return nil as Bool? }
            await connection.close()
            return true
        }
        return Gateway(program: program, port: held.port)
    }

    /// - Parameter changes: what is to be otherwise than the page has it; each must be in there.
    private static func changed(_ recipe: String, _ changes: [String: String]) throws -> String {
        try changes.reduce(recipe) { text, change in
            guard text.contains(change.key) else { throw Failed(description: "the recipe has no \(change.key)") }
            return text.replacing(change.key, with: change.value)
        }
    }
}
