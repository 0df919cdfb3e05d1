import Foundation
import TestKit
import Testing

@testable import Settings

@Suite("Files: read within bounds, and watched") struct FileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ path: String) -> String? {
        do throws(SettingsProblem) {
            _ = try SettingsFile(path: path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("What can't be read is a sentence with the file's name")
    func unreadable() throws {
        #expect(refusal(folder.file("none")) == "\(folder.file("none")): there is no such file")
        #expect(refusal(folder.path) == "\(folder.path): is a folder; name a file")
        #expect(refusal(folder.path + "/none/a.yml")?.hasSuffix("there is no such file") == true)
        #expect(refusal("")?.hasSuffix("there is no such file") == true)
        #expect(refusal("a\u{0}b")?.contains("NUL") == true)
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(refusal(pipe)?.contains("is no regular file") == true)
        #expect(refusal("/dev/null") == nil)
        #expect(refusal("/dev/zero")?.contains("is longer than 16777216 bytes") == true)
        let loop = folder.file("loop")
        #expect(symlink(loop, loop) == 0)
        #expect(refusal(loop)?.contains("can't be read") == true)
    }

    @Test("A file may be as long as its bound, and no longer")
    func bounds() throws {
        let path = try folder.write(String(repeating: "#", count: 10), to: "a")
        #expect(try FileContent(path: path, most: 10).bytes.count == 10)
        #expect(throws: SettingsProblem(file: path, text: "is longer than 9 bytes, the most that is read")) {
            try FileContent(path: path, most: 9)
        }
    }

    @Test("A change is seen: written, replaced, touched, removed, made readable, swapped behind a link")
    func watching() throws {
        let path = try folder.write("a: 1", to: "a.yml")
        func watched() throws -> WatchedFile { try SettingsFile(path: path).file }
        var file = try watched()
        #expect(!file.hasChanged && ![file].haveChanged)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.write(contentsOf: Data("a: 22".utf8))
        try handle.close()
        #expect(file.hasChanged && [file].haveChanged)
        file = try watched()
        try folder.write("a: 33", to: "a.yml")
        #expect(file.hasChanged)
        file = try watched()
        #expect(utimes(path, [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]) == 0)
        #expect(file.hasChanged)
        file = try watched()
        #expect(chmod(path, 0o640) == 0)
        #expect(file.hasChanged)
        file = try watched()
        #expect(unlink(path) == 0)
        #expect(file.hasChanged)
        let absent = WatchedFile(path: path, version: FileVersion(path: path))
        #expect(!absent.hasChanged && !absent.version.isPresent)
        try folder.write("a: 1", to: "a.yml")
        #expect(absent.hasChanged)
    }

    @Test("The swap of a mounted Kubernetes secret is seen through its two links")
    func swapped() throws {
        for version in ["v1", "v2"] {
            #expect(mkdir(folder.file(version), 0o700) == 0)
            try folder.write("a: 1", to: version + "/a.yml")
        }
        #expect(symlink("v1", folder.file("..data")) == 0)
        #expect(symlink("..data/a.yml", folder.file("a.yml")) == 0)
        let file = try SettingsFile(path: folder.file("a.yml")).file
        #expect(!file.hasChanged)
        #expect(symlink("v2", folder.file("..data_tmp")) == 0)
        #expect(rename(folder.file("..data_tmp"), folder.file("..data")) == 0)
        #expect(file.hasChanged)
    }

    @Test("A secret's file holds one line; what is around it does not count")
    func secrets() throws {
        func secret(_ text: String) throws -> String {
            try SecretFile(path: folder.write(text, to: "secret")).secret.exposed
        }
        #expect(try secret("hunter2") == "hunter2")
        #expect(try secret(" \t hunter 2\r\n\n") == "hunter 2")
        #expect(try secret("pässwörd\n") == "pässwörd")
        for text in ["", "\n \r\n", "a\nb", "hunter2\u{0}", "a\u{1B}b", String(repeating: "x", count: 65_537)] {
            do {
                _ = try secret(text)
                Issue.record("taken: \(text.debugDescription)")
            } catch let error as SettingsProblem {
                #expect(!error.description.contains("hunter2"))
            }
        }
        try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder.file("latin")))
        #expect(throws: SettingsProblem.self) { try SecretFile(path: folder.file("latin")) }
    }

    @Test("A secret is printed by nothing")
    func unprintable() throws {
        let secret = Secret("hunter2")
        struct Holder { var secret: Secret }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), "\([secret])", "\(Holder(secret: secret))",
            "\(Optional(secret) as Any)",
            String(describing: Mirror(reflecting: secret).children.map(\.value)), dumped,
        ] { #expect(!text.contains("hunter2"), "\(text)") }
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3") && secret != Secret("hunter22"))
    }
}
