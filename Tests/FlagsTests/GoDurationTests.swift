import Flags
import Testing

@Suite struct GoDurationTests {
    @Test(
        "Go's and Prometheus's durations are understood",
        arguments: [
            ("250ms", 250_000_000), ("1m30s", 90_000_000_000), ("5m", 300_000_000_000), ("1d", 86_400_000_000_000),
            ("0", 0), ("0s", 0), ("1.5h", 5_400_000_000_000), ("30d", 2_592_000_000_000_000), ("10us", 10_000),
            ("10µs", 10_000), (".5s", 500_000_000), ("5.s", 5_000_000_000),
            // What a Double of nanoseconds can't hold.
            ("106751d23h47m16s854ms775us807ns", .max), ("9223372036854775807ns", .max),
            ("200d1ns", 17_280_000_000_000_001),
        ] as [(String, Int64)])
    func understands(text: String, nanoseconds: Int64) {
        #expect(GoDuration(text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", "5", "-5s", "m", "5 m", "1e3s", "1..5s", "nan", "5mm", "300y", ".s", ".", "٣s",
            "106751d23h47m16s854ms775us808ns",
        ])
    func refuses(text: String) {
        #expect(GoDuration(text) == nil)
    }

    @Test("A duration is described in its shortest form", arguments: ["1m30s", "250ms", "5m", "30d", "45s", "200d1ns"])
    func describes(text: String) {
        #expect(GoDuration(text)?.description == text)
    }
}

@Suite struct ListenAddressTests {
    @Test("Go's listen addresses are understood")
    func understands() {
        #expect(ListenAddress(":8080") == ListenAddress(host: "", port: 8080))
        #expect(ListenAddress("127.0.0.1:0") == ListenAddress(host: "127.0.0.1", port: 0))
        #expect(ListenAddress("[::1]:8080") == ListenAddress(host: "::1", port: 8080))
        #expect(ListenAddress("[::1]:8080")?.description == "[::1]:8080")
    }

    @Test("A socket of this machine is an absolute path behind unix:")
    func sockets() {
        #expect(ListenAddress("unix:/run/a b:1.sock") == ListenAddress(path: "/run/a b:1.sock"))
        #expect(ListenAddress("unix:/run/a.sock")?.description == "unix:/run/a.sock")
        #expect(ListenAddress("unix:8080") == ListenAddress(host: "unix", port: 8080))
        #expect(ListenAddress("unix:/" + String(repeating: "a", count: 106)) != nil)
        #expect(ListenAddress("unix:/" + String(repeating: "a", count: 107)) == nil)
        #expect(ListenAddress("unix:run/a.sock") == nil)
        #expect(ListenAddress("unix:/run/a\u{0}") == nil)
    }

    @Test(
        "What is no listen address is refused",
        arguments: ["", "8080", "::1:8080", ":99999", "host", "a b:1", "[]:1", "[[]:1", "]:1", ":+80", ":-0", "a:"])
    func refuses(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
