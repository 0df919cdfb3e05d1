import Foundation
import TestKit
import Testing

@testable import Admin

@Suite("A record with values that nothing would write", .computes)
struct HostileRecordTests {
    private typealias Proxy = ScreenEndToEndTests.Proxy

    /// - Returns: Every column but those that rows are found by.
    private func relaxed(_ proxy: Proxy) throws -> (Tampering, [(table: String, column: String)]) {
        try proxy.stop()
        var tampering = try Tampering(path: proxy.path)
        try tampering.relax()
        return (tampering, try tampering.columns())
    }

    @Test("ends no command but with an answer or a sentence", arguments: Tampering.values)
    func commands(value: String) throws {
        let proxy = try Proxy()
        let (tampering, columns) = try relaxed(proxy)
        for column in columns where column.column != "id" && column.column != "client_id" {
            tampering.put(value, in: column)
        }
        tampering.close()
        let commands = [
            ["clients"], ["clients", "--format", "csv"], ["clients", "--format", "json"],
            ["clients", "--format", "csv", "--sort", "failure_share"],
            ["clients", "--since", "1h", "--state", "live"], ["failures"], ["failures", "--format", "json"],
            ["failures", "--format", "csv", "--since", "15m"], ["status"], ["status", "--format", "json"],
            ["status", "--format", "csv", "--max-failure-share", "0.5", "--max-age", "1000000h"],
            ["sd", "--output", proxy.folder.file("sd.json"), "--port", "9100"],
        ]
        for command in commands {
            let result = try ProgramFile.run(command + ["--storage.path", proxy.path])
            #expect([0, 1].contains(result.status), "\(command): \(result.error)")
            let steering = Self.steering(in: result.output + result.error)
            #expect(steering.isEmpty, "\(command): \(steering)")
            if command.contains("json"), result.status == 0 {
                #expect(throws: Never.self, "\(command)") {
                    _ = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
                }
            }
        }
    }

    @Test("puts nothing into the file of targets that steers a terminal, and no JSON that can't be read")
    func targets() throws {
        let proxy = try Proxy()
        let (tampering, _) = try relaxed(proxy)
        tampering.put("char(27, 91, 50, 74, 155, 8238, 917505) || fqdn", in: ("client", "fqdn"))
        tampering.put("char(27, 91, 50, 74, 155, 8238, 917505) || fqdn", in: ("client", "name"))
        tampering.close()
        let file = proxy.folder.file("sd.json")
        let result = try ProgramFile.run(["sd", "--output", file, "--storage.path", proxy.path])
        #expect(result.status == 0, "\(result.error)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(Self.steering(in: text).isEmpty)
        let groups = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        let targets = try #require(groups).compactMap { ($0["targets"] as? [String])?.first }
        #expect(targets.contains { $0.unicodeScalars.contains("\u{202E}") }, "the name itself is kept")
    }

    /// What would steer a terminal, but for the ends of lines.
    private static func steering(in text: String) -> [String] {
        text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar != "\n" && scalar != "\r"
            case .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }.map { "U+\(String($0.value, radix: 16))" }
    }

    @Test("is drawn, whatever stands in which column", arguments: Tampering.values)
    func frames(value: String) throws {
        let proxy = try Proxy()
        let (original, columns) = try relaxed(proxy)
        original.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: proxy.path))
        for column in columns {
            try bytes.write(to: URL(fileURLWithPath: proxy.path))
            let tampering = try Tampering(path: proxy.path)
            let fits = tampering.put(value, in: column)
            tampering.close()
            guard fits else { continue }
            for size in [(columns: 80, rows: 24), (columns: 200, rows: 50), (columns: 40, rows: 10)] {
                try draw(proxy.path, size.columns, size.rows, "\(value) in \(column)")
            }
        }
    }

    /// Every view, as it is after its record was read.
    private func draw(_ path: String, _ columns: Int, _ rows: Int, _ comment: Comment) throws {
        var desk = RecordDesk(path: path)
        var model = Model(
            path: path, glyphs: .unicode, size: Size(columns: columns, rows: rows),
            now: Moment(wall: Proxy.now, uptime: 1000), interval: RefreshInterval(milliseconds: 2000))
        func answer() {
            guard let request = model.requested else { return }
            _ = model.update(.recordRead(desk.answer(request)))
            let lines = render(model).lines
            #expect(lines.count == rows && !lines.joined().contains("\u{1B}"), comment)
        }
        _ = model.update(.ticked(model.now))
        answer()
        for key: Key in [.enter, .escape, .tab, .enter, .escape, .character("?")] {
            _ = model.update(.keyPressed(key))
            answer()
        }
    }
}
