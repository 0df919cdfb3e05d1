import Foundation
import NIOCore
import NIOPosix
import TestKit
import Testing

@testable import Bench

@Suite("Programs under measurement")
struct ProcessTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try #require(Directory.makeUnique(in: NSTemporaryDirectory(), prefix: "bench-tests-"))
        try await body(folder)
        Directory.remove(folder, depth: 3)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test("A proxy that ends at once is reported with its status and its last words")
    func endsAtOnce() async throws {
        try await withFolder { folder in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let command = try #require(NamedCommand("bad=/bin/sh -c 'echo no such flag: {port}; exit 3'"))
            let failure = await #expect(throws: ProxyUnderTest.Failure.self) {
                _ = try await ProxyUnderTest.start(command, directory: "\(folder)/run", loop: group.next())
            }
            #expect(failure?.description.contains("bad ended with status 3") == true)
            #expect(failure?.description.contains("no such flag: ") == true)
            try await group.shutdownGracefully()
        }
    }

    @Test("A program that does not exist is reported")
    func missing() {
        #expect(throws: ChildProcess.Failure.self) { try ChildProcess(["/nowhere/at/all"], log: "/dev/null") }
    }

    @Test("A program does not inherit what is open here")
    func descriptors() async throws {
        try await withFolder { folder in
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            let files = FileManager.default
            let opened = try files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(listener)")
            let process = try ChildProcess(["sleep", "1000"], log: "\(folder)/log")
            // It may be opening and closing files of its own.
            let inherited = try files.contentsOfDirectory(atPath: "/proc/\(process.pid)/fd").compactMap {
                try? files.destinationOfSymbolicLink(atPath: "/proc/\(process.pid)/fd/\($0)")
            }
            await process.stop()
            #expect(inherited.contains { $0.hasSuffix("/log") })
            #expect(!inherited.contains(opened))
        }
    }

    @Test("A program is stopped, and stopping it again is harmless")
    func stopping() async throws {
        let process = try ChildProcess(["sleep", "1000"], log: "/dev/null")
        #expect(process.ended() == nil)
        await process.stop()
        #expect(process.ended() != nil)
        await process.stop()
    }

    @Test("The meters read a living process, and nothing of one that never was")
    func meters() throws {
        let own = ProcessMeter(pid: getpid())
        #expect(try #require(own.cpuSeconds()) > 0)
        let memory = try #require(own.memory())
        #expect(memory.resident > 0 && memory.peak >= memory.resident / 2)
        #expect(try #require(own.descriptors()) > 2)
        let none = ProcessMeter(pid: 99_999_999)
        #expect(none.cpuSeconds() == nil)
        #expect(none.memory() == nil)
        #expect(none.descriptors() == nil)
    }

    @Test("A held port refuses connections until the program that it is held for listens there")
    func heldPort() async throws {
        let held = try HeldPort()
        await #expect(throws: (any Error).self) { try await RawConnection.open(port: held.port) }
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: held.port).get()
        await (try RawConnection.open(port: held.port)).close()
        try await listener.close()
        withExtendedLifetime(held) {}
    }

    @Test("The whole of a file in /proc is read")
    func smallThings() throws {
        #expect(Directory.read("/proc/stat")?.hasPrefix("cpu ") == true)
        #expect(Directory.read("/nowhere/at/all") == nil)
    }
}
