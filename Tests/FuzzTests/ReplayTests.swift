import Foundation
import Testing

/// The corpora of `make fuzz` as ordinary tests, without libFuzzer.
@Suite("Inputs that fuzzing found") struct ReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpora")

    private static func inputs(of body: FuzzBody) throws -> [(name: String, bytes: [UInt8])] {
        let files = FileManager.default.enumerator(
            at: folder.appending(path: body.name), includingPropertiesForKeys: [.isRegularFileKey])
        return try (files?.compactMap { $0 as? URL } ?? [])
            .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    @Test(
        "Every input of a corpus, and its beginnings, keep what the parser promises",
        arguments: FuzzBody.all.map(\.name))
    func replay(name: String) throws {
        let body = try #require(FuzzBody.all.first { $0.name == name })
        let inputs = try Self.inputs(of: body)
        #expect(inputs.count > 3, "\(name) has no corpus")
        for input in inputs {
            let count = input.bytes.count
            // Of long inputs, some beginnings.
            for length in Set(stride(from: count, through: 0, by: -max(1, count / 24))) {
                do {
                    try body.check(Array(input.bytes.prefix(length)))
                } catch {
                    Issue.record("\(name)/\(input.name), \(length) of \(count) bytes: \(error)")
                }
            }
        }
    }

    @Test("The corpora stay small: 200 kB in all")
    func size() throws {
        let total = try FuzzBody.all.reduce(0) { total, body in
            try Self.inputs(of: body).reduce(total) { $0 + $1.bytes.count }
        }
        #expect(total < 200_000)
    }

    @Test("Corpora belong to bodies")
    func names() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(Set(folders).subtracting(["http.dict"]) == Set(FuzzBody.all.map(\.name)))
    }
}
