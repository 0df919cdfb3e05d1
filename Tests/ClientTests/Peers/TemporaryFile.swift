import Glibc

/// A file in the temporary folder, to be removed after the test.
struct TemporaryFile: Sendable {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/pushprox-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        struct NotMade: Error {}
        guard descriptor >= 0 else { throw NotMade() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bytes = Array(text.utf8)
        let written = write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard written == bytes.count else { throw NotMade() }
    }

    func remove() { unlink(path) }
}
