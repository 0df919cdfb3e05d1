import Clients

/// What simulated clients say of themselves where they say anything: five labels and three targets, as a machine of a fleet in several places
/// would.
enum SampleDeclaration {
    /// - Parameter number: Of the name; neighbours differ.
    static func of(_ number: Int) -> Declaration {
        let labels = [
            "site=site-\(number % 20)", "rack=\(number % 400)", "env=\(number % 4 == 0 ? "staging" : "production")",
            "team=team-\(number % 12)", "serial=\(100_000_000 + number)",
        ]
        let targets = ["9100 job=node", "9113 job=nginx", "9116/snmp?module=if_mib job=snmp"]
        return (try? Declaration(labelTexts: labels, targetTexts: targets)) ?? .none
    }

    /// Fields of a poll, each with its line end.
    static func fields(_ declaration: Declaration) -> String {
        declaration.labels.map { "X-Pushprox-Label: \($0.text)\r\n" }.joined()
            + declaration.targets.map { "X-Pushprox-Target: \($0.text)\r\n" }.joined()
    }
}
