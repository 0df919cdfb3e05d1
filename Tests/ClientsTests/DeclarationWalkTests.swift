import Clients
import TestKit
import Testing

@Suite("Whatever is declared") struct DeclarationWalkTests {
    @Test("is read again as what it was", arguments: 0..<40 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<50 {
            let declaration = try Drawn.declaration(&random)
            let again = try Declaration(
                labelTexts: declaration.labels.map(\.text).shuffled(using: &random),
                targetTexts: declaration.targets.map(\.text).shuffled(using: &random))
            #expect(again == declaration)
            for text in declaration.labels.map(\.text) + declaration.targets.map(\.text) {
                #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(text)")
            }
            for target in declaration.targets {
                #expect(try TargetPath(target.path.description) == target.path)
            }
        }
    }
}

/// Declarations that nobody would think of.
enum Drawn {
    static let scalars: [Unicode.Scalar] = Array("aZ0 %=&?/+\"\\é東🙂,;:@#~|{}".unicodeScalars)

    static func text(_ random: inout Seeded, atMost count: Int = 12, without: Set<Unicode.Scalar> = []) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...count, using: &random) {
            if let scalar = scalars.randomElement(using: &random), !without.contains(scalar) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    static func labels(_ random: inout Seeded, _ names: [String]) throws -> [Label] {
        try names.filter { _ in Bool.random(using: &random) }.map { try Label($0, text(&random)) }
    }

    static func declaration(_ random: inout Seeded) throws -> Declaration {
        var targets: [DeclaredTarget] = []
        var places: Set<String> = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            var path = "/" + text(&random, without: ["%", "#", "?"])
            for name in ["x", "a_1", "_scheme"] where Bool.random(using: &random) {
                path += (path.contains("?") ? "&" : "?") + name + "=1" + text(&random, without: ["%", "#", "&"])
            }
            let target = try DeclaredTarget(
                port: UInt16.random(in: 1...3, using: &random),
                path: Bool.random(using: &random) ? .standard : TargetPath(path),
                labels: labels(&random, ["site", "job"]))
            if places.insert(target.place).inserted { targets.append(target) }
        }
        return try Declaration(labels: labels(&random, ["site", "rack", "_x"]), targets: targets)
    }
}
