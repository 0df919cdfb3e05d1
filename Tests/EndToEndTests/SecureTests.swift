import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("TLS and the web configuration file, with whole programs") struct SecureTests {
        private static let user =
            "basic_auth_users:\n  u: $2y$04$abcdefghijklmnopqrstuudMegMbPN37MbpdEfAtP66w1z0RBCtLG\n"

        /// Ours, and upstream's where it can be had.
        private static let clients: [Pair.Make] = Pair.upstream == nil ? [.ours] : [.ours, .upstreams]

        @Test("a client is scraped over TLS through the listener for clients", arguments: clients)
        func clientOverTLS(_ make: Pair.Make) async throws {
            let authority = try await TestAuthority()
            let pair = try await authority.issue("server", "DNS:localhost,IP:127.0.0.1")
            let file = try authority.folder.write(
                "tls_server_config:\n  cert_file: \(pair.certificate)\n  key_file: \(pair.key)\n", to: "web.yml")
            let proxy = try await LiveProxy.start(
                "--web.client-listen-address=127.0.0.1:0", "--web.client-config.file=\(file)")
            let port = try LogText.port(in: try await proxy.program.errors.line(with: "listening", "listener=clients"))
            let folder = Pair.upstream ?? ""
            let program = try make == .ours ? Executable.built("pushprox-client") : "\(folder)/pushprox-client"
            let client = try Program(
                program,
                [
                    "--fqdn=localhost", "--proxy-url=https://localhost:\(port)",
                    "--tls.cacert=\(authority.certificate)",
                    "--metrics-addr=",
                ])
            try await proxy.registered("localhost")
            let target = try await ScriptedTarget.start { _, connection in
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
                return true
            }
            #expect(try await proxy.scrape("localhost:\(target.port)").body == "up")
            client.signal(SIGTERM)
            _ = try await client.exited()
            #expect(try await proxy.program.stop() == .code(0))
        }

        @Test(
            "a client with user and password in the proxy's URL, and one with a certificate, are who they are",
            arguments: clients)
        func identities(_ make: Pair.Make) async throws {
            let authority = try await TestAuthority()
            let (pair, own) = (
                try await authority.issue("server", "DNS:localhost"), try await authority.issue("own", "DNS:localhost")
            )
            let web = try authority.folder.write(
                """
                tls_server_config:
                  cert_file: \(pair.certificate)
                  key_file: \(pair.key)
                  client_ca_file: \(authority.certificate)
                  client_auth_type: VerifyClientCertIfGiven
                """, to: "web.yml")
            // The user `u` has the password `p`.
            let hash = "$2y$04$abcdefghijklmnopqrstuudMegMbPN37MbpdEfAtP66w1z0RBCtLG"
            let rules = try authority.folder.write(
                """
                identities:
                  u: {password_hash: "\(hash)", register: ["*"]}
                  every-machine: {certificate: true, register: ["@own"]}
                anonymous: {read: true, scrape: ["*"]}
                """, to: "access.yml")
            let proxy = try await LiveProxy.start(
                "--web.client-listen-address=127.0.0.1:0", "--web.client-config.file=\(web)",
                "--access.config.file=\(rules)")
            let port = try LogText.port(in: try await proxy.program.errors.line(with: "listening", "listener=clients"))
            let target = try await ScriptedTarget.start { _, connection in
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
                return true
            }
            let folder = Pair.upstream ?? ""
            let path = try make == .ours ? Executable.built("pushprox-client") : "\(folder)/pushprox-client"
            func client(_ login: String, _ name: String, _ more: [String] = []) throws -> Program {
                try Program(
                    path,
                    [
                        "--fqdn=\(name)", "--proxy-url=https://\(login)localhost:\(port)",
                        "--tls.cacert=\(authority.certificate)", "--metrics-addr=",
                    ] + more)
            }
            let certificate = ["--tls.cert=\(own.certificate)", "--tls.key=\(own.key)"]
            for (login, flags) in [("u:p@", []), ("", certificate)] as [(String, [String])] {
                let good = try client(login, "localhost", flags)
                #expect(try await proxy.scrape("localhost:\(target.port)").body == "up", "\(login)")
                good.signal(SIGTERM)
                _ = try await good.exited()
            }
            let denied = [
                try client("", "a.example"), try client("u:wrong@", "b.example"),
                try client("", "c.example", certificate),
            ]
            for reason in [
                "no credential", "a wrong password, or a user that does not exist",
                "the identity every-machine is not granted it",
            ] { try await proxy.program.errors.line(with: "access denied", "action=register", reason) }
            #expect(try await proxy.get("/clients").body.contains(".example") == false)
            for program in denied {
                program.signal(SIGTERM)
                _ = try await program.exited()
            }
            #expect(try await proxy.program.stop() == .code(0))
        }

        @Test("SIGHUP reads the file again, in both programs; without one it does nothing")
        func hangup() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(Self.user, to: "web.yml")
            let proxy = try await LiveProxy.start("--web.config.file=\(file)")
            let client = try await LiveClient.start(proxy: proxy.port, "--web.config.file=\(file)")
            let plain = try await LiveProxy.start()
            for port in [proxy.port, client.port] {
                #expect(try await Question.get(port: port, "/metrics").status == 401)
                let request =
                    "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dTpw\r\nConnection: close\r\n\r\n"
                #expect(try await Question.ask(port: port, request).status == 200)
            }
            try folder.write("", to: "web.yml")
            for program in [proxy.program, client.program, plain.program] { program.signal(SIGHUP) }
            for program in [proxy.program, client.program] {
                try await program.errors.line(with: "configuration reloaded", "config=web")
            }
            // The rules are made of the users after the file has been taken.
            try await eventually("no credential to be needed") {
                try await Question.get(port: proxy.port, "/metrics").status == 200 ? true : nil
            }
            #expect(try await Question.get(port: client.port, "/metrics").status == 200)
            #expect(try await plain.get("/-/healthy").status == 200)
            for program in [client.program, proxy.program, plain.program] {
                #expect(try await program.stop() == .code(0))
            }
        }

        @Test(
            "a web configuration file that can't be used ends a program with 1 and one line",
            arguments: ["pushprox-proxy", "pushprox-client"])
        func unusable(program: String) async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("\nbasic_auth_users:\n  u: plain\n", to: "web.yml")
            let flags =
                program == "pushprox-proxy"
                ? ["--web.listen-address=127.0.0.1:0", "--storage.path", ""]
                : ["--proxy-url=http://127.0.0.1:1", "--fqdn=localhost", "--metrics-addr=127.0.0.1:0"]
            let process = try Program(Executable.built(program), flags + ["--web.config.file=\(file)"])
            #expect(try await process.exited() == .code(1))
            let lines = process.errors.lines
            #expect(lines.count == 1, "\(lines)")
            #expect(lines.first?.contains("web.yml:3: basic_auth_users.u: ") == true)
            #expect(lines.first?.contains("--web.config.file") == true && lines.first?.contains("plain") == false)
        }
    }
}
