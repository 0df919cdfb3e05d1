import Clients
import Store
import Testing

@testable import Admin

@Suite("Labels, groups and columns in the commands")
struct LabelCommandTests {
    private typealias Proxy = ScreenEndToEndTests.Proxy

    /// A fleet of ten that say nothing, and four clients that do: two in Berlin, in Lisbon one that is away and one that is gone.
    private func proxy() throws -> Proxy {
        let proxy = try Proxy()
        let now = Proxy.now
        func client(_ name: String, _ labels: [String], _ targets: [String], _ state: ClientState) throws
            -> ClientChange
        {
            var change = ClientChange(fqdn: name, firstSeen: now - 600_000)
            change.declaration = try Declaration(labelTexts: labels, targetTexts: targets)
            change.connected = state == .connected
            change.lastSeen = state == .connected ? now : now - 60_000
            change.expires = state == .gone ? now - 1_000 : now + 3_600_000
            return change
        }
        let clients = [
            try client("gw-1.example.com", ["site=berlin", "rack=4"], ["9100 job=node", "9113"], .connected),
            try client("gw-2.example.com", ["site=berlin", "rack=11", "team=web%20ops"], [], .connected),
            try client("gw-3.example.com", ["site=lisbon", "rack=4"], ["9116/snmp?module=if_mib"], .stale),
            try client("gw-4.example.com", ["site=lisbon"], [], .gone),
        ]
        try proxy.write { $0.clients += clients }
        return proxy
    }

    private func clients(_ proxy: Proxy, _ options: String...) throws -> String {
        let result = try ProgramFile.run(["clients", "--storage.path", proxy.path] + options)
        #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        return result.output
    }

    @Test("--label leaves those that have all of the labels")
    func label() throws {
        let proxy = try proxy()
        func names(_ options: String...) throws -> String {
            let result = try ProgramFile.run(
                ["clients", "--storage.path", proxy.path, "--columns=fqdn", "--format=csv"] + options)
            #expect(result.status == 0, "\(result.error)")
            return result.output.split(separator: "\r\n").dropFirst().map { $0.prefix(4) }.joined(separator: " ")
        }
        #expect(try names("--label", "site=berlin") == "gw-1 gw-2")
        #expect(try names("--label", "site=lisbon") == "gw-3 gw-4")
        #expect(try names("--label=site=lisbon", "--state=live") == "gw-3")
        #expect(try names("--label=site=berlin", "--label=rack=4") == "gw-1")
        #expect(try names("--label=rack=4", "--reverse", "--limit=1") == "gw-3")
        // As people write it; what a target alone says is not the client's.
        #expect(try names("--label", "team=web ops") == "gw-2")
        #expect(try names("--label", "job=node") == "")
    }

    @Test("--columns prints these, in this order, in each format")
    func columns() throws {
        let proxy = try proxy()
        let chosen = ["--columns=labels,fqdn,state,targets", "--label=rack=4"]
        func text(_ format: String) throws -> String {
            let result = try ProgramFile.run(["clients", "--storage.path", proxy.path, "--format", format] + chosen)
            #expect(result.status == 0, "\(result.error)")
            return result.output
        }
        #expect(
            try text("csv")
                == "labels,fqdn,state,targets\r\n"
                + "rack=4 site=berlin,gw-1.example.com,connected,9100 job=node | 9113\r\n"
                + "rack=4 site=lisbon,gw-3.example.com,stale,9116/snmp?module=if_mib\r\n")
        #expect(
            try text("table") == """
                LABELS              FQDN              STATE      TARGETS
                rack=4 site=berlin  gw-1.example.com  connected  9100 job=node | 9113
                rack=4 site=lisbon  gw-3.example.com  stale      9116/snmp?module=if_mib

                """)
        #expect(
            try text("json").contains(
                #"{"labels": {"rack": "4", "site": "lisbon"}, "fqdn": "gw-3.example.com", "state": "stale", "targets": "#
            ))
    }

    @Test("--group-by counts the clients of each value, those without it last")
    func groups() throws {
        let proxy = try proxy()
        let ours = "--fqdn=gw-*"
        #expect(
            try clients(proxy, "--group-by=site", ours) == """
                VALUE   LIVE  CONNECTED  STALE  FAILING  GONE  QUEUED  IN FLIGHT
                berlin     2          2      0        0     0       0          0
                lisbon     1          0      1        0     1       0          0

                """)
        // Values as people count, 4 before 11.
        #expect(
            try clients(proxy, "--group-by=rack", ours, "--format=csv")
                == "value,live,connected,stale,failing,gone,queued,in_flight\r\n"
                + "4,2,1,1,0,0,0,0\r\n11,1,1,0,0,0,0,0\r\n,0,0,0,0,1,0,0\r\n")
        #expect(
            try clients(proxy, "--group-by=team", ours, "--state=live", "--columns=live,value", "--format=json") == """
                [
                  {"live": 1, "value": "web ops"},
                  {"live": 2, "value": null}
                ]

                """)
        #expect(
            try clients(proxy, "--group-by=site", "--label=rack=4", "--columns=value,live", "--limit=1", "--format=csv")
                == "value,live\r\nberlin,1\r\n")
        // A label that nobody has: all are without it.
        let nobody = try clients(proxy, "--group-by=nothing", "--columns=value,live,gone", "--format=csv")
        #expect(nobody == "value,live,gone\r\n,13,1\r\n")
    }

    @Test(
        "What matches nothing is an empty list, and no error",
        arguments: [["--columns=fqdn,labels"], ["--group-by=site"]])
    func nothing(_ options: [String]) throws {
        let proxy = try proxy()
        func lines(_ format: String) throws -> [Substring] {
            let arguments = ["clients", "--storage.path", proxy.path, "--label=site=paris", "--format", format]
            let result = try ProgramFile.run(arguments + options)
            #expect(result.status == 0 && result.error.isEmpty)
            return result.output.split(whereSeparator: \.isNewline)
        }
        #expect(try lines("table").count == 1 && lines("csv").count == 1 && lines("json") == ["[]"])
    }

    @Test(
        "Wrong input is 64, and a sentence that says what is wrong",
        arguments: [
            (
                ["--label=site"],
                "'site' is invalid for '--label <name=value>': label \"site\" has no value: name=value."
            ),
            (["--label=__a=b"], "label name \"__a\" is reserved, as all that begin with __."),
            (["--label=a-b=c"], "label name \"a-b\" is none: letters, digits and _, a digit not at its beginning."),
            (["--columns=fqdn,speed"], "--columns has 'speed', which is none of fqdn, state, "),
            (["--columns="], "--columns has '', which is none of fqdn, state, "),
            (["--columns=fqdn,state,fqdn"], "--columns has 'fqdn' twice."),
            (["--group-by=__a"], "--group-by is '__a': label name \"__a\" is reserved"),
            (["--group-by="], "--group-by is '': label name \"\" is none"),
            (
                ["--group-by=site", "--columns=fqdn"],
                "--columns has 'fqdn', which is none of value, live, connected, stale, failing, gone, queued, in_flight."
            ),
            (["--group-by=site", "--sort=state"], "Groups are sorted by their values: no --sort, no --reverse."),
            (["--group-by=site", "--reverse"], "Groups are sorted by their values: no --sort, no --reverse."),
            (["--group-by=site", "--kind=no_poll"], "--kind does not go with --group-by."),
        ])
    func usage(_ options: [String], _ sentence: String) throws {
        let proxy = try proxy()
        let result = try ProgramFile.run(["clients", "--storage.path", proxy.path] + options)
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.error.contains(sentence), "\(result.error)")
    }
}
