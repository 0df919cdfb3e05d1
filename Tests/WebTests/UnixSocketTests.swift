import Flags
import Foundation
import Logging
import NIOPosix
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite struct UnixSocketTests {
    private func listen(_ path: String) async throws -> WebListener {
        let service = WebService(
            on: MultiThreadedEventLoopGroup.singleton, limits: WebLimits(),
            metrics: WebMetrics(in: MetricRegistry(), prefix: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await WebListener.bind(
            ListenerConfiguration(address: ListenAddress(path: path), router: Echo()), in: service)
    }

    private func ask(_ path: String) async throws -> String {
        let connection = try await RawConnection.open(path: path)
        try await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        let body = try await connection.response().body
        await connection.close()
        return body
    }

    @Test("A listener serves on a Unix domain socket, and takes its file away at the end")
    func serves() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("web.sock")
        let listener = try await listen(path)
        #expect(listener.address.description == "unix:\(path)")
        let answer = try await ask(path)
        #expect(answer == "GET /a \n")
        await listener.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("The socket file of a dead process is replaced; one that is in use, and a file of another kind, stay")
    func stale() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("web.sock")
        // Bound and left, as by a process that was killed.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(descriptor)
        #expect(bound == 0)
        let listener = try await listen(path)
        let answer = try await ask(path)
        #expect(answer == "GET /a \n")

        await #expect(throws: WebListener.BindError.self) { try await listen(path) }
        let again = try await ask(path)
        #expect(again == "GET /a \n", "the one in use is still there")
        await listener.close()

        let file = try folder.write("text", to: "file")
        await #expect(throws: WebListener.BindError.self) { try await listen(file) }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "text")
    }

    @Test("A file that has taken the place of a listener's own stays")
    func replaced() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("web.sock")
        let listener = try await listen(path)
        try folder.write("text", to: "web.sock")
        await listener.close()
        #expect(FileManager.default.fileExists(atPath: path))
    }
}
