// swift-tools-version: 6.2
import PackageDescription

// `make check` and `make test` set this: a warning of ours then fails the build. Dependencies are not affected.
let strict = Context.environment["PUSHPROX_WARNINGS"] == "error"
let settings: [SwiftSetting] = strict ? [.treatAllWarnings(as: .error)] : []

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "pushprox",
    products: [
        .executable(name: "pushprox-proxy", targets: ["Proxy"]),
        .executable(name: "pushprox-client", targets: ["Client"]),
        .executable(name: "pushprox-admin", targets: ["Admin"]),
        .executable(name: "pushprox-bench", targets: ["Bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // No pkgConfig: SwiftPM would drop its -D flags, and the shim sets what is needed.
        .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CMalloc"),

        .target(name: "Addresses", swiftSettings: settings),
        .target(name: "Calendar", swiftSettings: settings),
        .target(name: "Flags", dependencies: ["Addresses", arguments], swiftSettings: settings),
        .target(name: "Failures", swiftSettings: settings),
        .target(name: "Clients", swiftSettings: settings),
        .target(name: "Wire", dependencies: ["Addresses", "Failures", nioCore], swiftSettings: settings),
        .target(
            name: "Tunnel", dependencies: ["Clients", "Failures", "Wire", nioCore, deques], swiftSettings: settings),
        .target(name: "Telemetry", dependencies: ["Calendar", "Flags", logging, arguments], swiftSettings: settings),
        .target(
            name: "Web",
            dependencies: [
                "Addresses", "Flags", "Wire", "Telemetry", "Settings", "Access", nioCore, nioPosix, nioTLS, nioSSL,
                logging, lifecycle, signals, arguments, deques,
            ],
            swiftSettings: settings),
        .target(name: "Store", dependencies: ["Calendar", "Clients", "Failures", "CSQLite"], swiftSettings: settings),
        .target(name: "Settings", dependencies: ["Wire", "CYAML"], swiftSettings: settings),
        .target(name: "Access", dependencies: ["Settings", "Wire", "CCrypt"], swiftSettings: settings),

        .executableTarget(
            name: "Proxy",
            dependencies: [
                "Addresses", "Calendar", "Clients", "Failures", "Flags", "Settings", "Access", "Wire", "Telemetry",
                "Tunnel", "Web", "Store", "CMalloc", "CZlib", nioCore, nioPosix, logging, lifecycle, arguments, deques,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Client",
            dependencies: [
                "Addresses", "Clients", "Failures", "Flags", "Settings", "Wire", "Telemetry", "Tunnel", "Web", nioCore,
                nioPosix, nioTLS, nioSSL, logging, lifecycle, arguments,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Admin",
            dependencies: [
                "Calendar", "Clients", "Failures", "Flags", "Store", "Access", "Settings", "CNcurses", arguments,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Addresses", "Clients", "Flags", "Wire", "Tunnel", nioCore, nioPosix, nioSSL, nioTLS, arguments,
                histogram, deques,
            ],
            swiftSettings: settings),

        .target(
            name: "TestKit", dependencies: ["CSQLite", nioCore, nioPosix, nioSSL], path: "Tests/TestKit",
            swiftSettings: settings),
        .testTarget(name: "ClientsTests", dependencies: ["Clients", "TestKit"], swiftSettings: settings),
        .testTarget(name: "CalendarTests", dependencies: ["Calendar"], swiftSettings: settings),
        .testTarget(name: "AddressesTests", dependencies: ["Addresses"], swiftSettings: settings),
        .testTarget(name: "FlagsTests", dependencies: ["Flags"], swiftSettings: settings),
        .testTarget(
            name: "WireTests", dependencies: ["Failures", "Wire", "TestKit", nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "TunnelTests", dependencies: ["Tunnel", "Clients", "Failures", "Wire", "TestKit", nioCore],
            swiftSettings: settings),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", logging, arguments], swiftSettings: settings),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "Wire", "Flags", "Telemetry", "Settings", "Access", "TestKit", nioCore, nioPosix, nioEmbedded,
                nioTLS, nioSSL, logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "StoreTests", dependencies: ["Clients", "Failures", "Store", "TestKit"], swiftSettings: settings),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "TestKit"], swiftSettings: settings),
        .testTarget(
            name: "AccessTests", dependencies: ["Access", "Settings", "Wire", "TestKit"], swiftSettings: settings),
        .testTarget(
            name: "ProxyTests",
            dependencies: [
                "Proxy", "Access", "Clients", "Failures", "Wire", "Tunnel", "Telemetry", "TestKit", "Store", "Flags",
                "Settings", "Web", "CSQLite", "CZlib", nioCore, nioEmbedded, logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ClientTests",
            dependencies: [
                "Client", "Clients", "Failures", "Settings", "Wire", "Tunnel", "Telemetry", "Flags", "Web", "TestKit",
                nioCore, nioPosix,
                nioEmbedded, nioSSL, logging, arguments,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AdminTests",
            dependencies: ["Admin", "Clients", "Failures", "Flags", "Store", "Access", "Settings", "TestKit"],
            swiftSettings: settings),
        .testTarget(
            name: "BenchTests", dependencies: ["Bench", "TestKit", nioCore, nioPosix, nioHTTP1],
            swiftSettings: settings),
        // Also a program for libFuzzer: see the end of this file.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Clients", "Wire", "Tunnel", "Flags", "Store", "Settings", "Access", "Web", "Client", "Admin", "Bench",
                nioCore,
            ],
            exclude: ["Fuzzer", "Corpora"], swiftSettings: settings),
        // What the pages say against what the programs are.
        .testTarget(
            name: "DocumentationTests",
            dependencies: ["Proxy", "Client", "Admin", "Bench", "Failures", "Settings", "Access", "Web", arguments],
            swiftSettings: settings),
        // Whole binaries, the real Prometheus and node_exporter.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Proxy", "Client", "Admin", "Bench", "TestKit", "CSQLite", nioCore, nioPosix,
            ],
            swiftSettings: settings),
    ]
)

// `scripts/fuzz` sets this. The fuzz bodies become a program with libFuzzer, on just those files of the programs that they reach: no
// sockets, no TLS, and only our own code is instrumented, or the build would take as long as that of everything.
if Context.environment["PUSHPROX_FUZZ"] != nil {
    let instrumented: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
    package.products = []
    package.targets = [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .target(name: "Addresses", swiftSettings: instrumented),
        .target(name: "Calendar", swiftSettings: instrumented),
        .target(name: "Flags", dependencies: ["Addresses", arguments], swiftSettings: instrumented),
        .target(name: "Failures", swiftSettings: instrumented),
        .target(name: "Clients", swiftSettings: instrumented),
        .target(name: "Wire", dependencies: ["Addresses", "Failures", nioCore], swiftSettings: instrumented),
        .target(
            name: "Tunnel", dependencies: ["Clients", "Failures", "Wire", nioCore, deques], swiftSettings: instrumented),
        .target(
            name: "Store", dependencies: ["Calendar", "Clients", "Failures", "CSQLite"], swiftSettings: instrumented),
        .target(name: "Settings", dependencies: ["Wire", "CYAML"], swiftSettings: instrumented),
        .target(name: "Access", dependencies: ["Settings", "Wire", "CCrypt"], swiftSettings: instrumented),
        .target(
            name: "Web", dependencies: ["Flags", "Wire", nioCore],
            sources: [
                "RequestPhases.swift", "RequestPhases+Events.swift", "RequestPhases+Next.swift", "WebLimits.swift",
                "TLS/ClientHello.swift",
            ],
            swiftSettings: instrumented),
        .target(
            name: "Client", dependencies: ["Addresses", "Clients", "Failures", "Flags", "Settings", "Wire", nioCore],
            sources: [
                "Outbound/HTTPURL.swift",
                "Outbound/NoProxyRules.swift", "Outbound/ProxyEnvironment.swift",
                "Outbound/ResponseParser.swift",
                "Outbound/OutboundRoute.swift", "Polling/PollAnswer.swift", "Polling/ProxyWords.swift",
                "Scraping/ScrapeFlow.swift",
                "Scraping/ScrapeMethods.swift", "Scraping/TargetPolicy.swift", "Scraping/TargetRequest.swift",
                "Scraping/AllowedTarget.swift", "Offering/Offer.swift", "Offering/TargetAddress.swift",
                "Pushing/PushAssembly.swift",
            ],
            swiftSettings: instrumented),
        .target(
            name: "Admin", dependencies: ["Calendar", "Failures", "Flags", "Store", arguments],
            sources: [
                "Command/PointInTime.swift", "Model/Moment.swift", "View/Quantity.swift",
                "View/ShownTime.swift", "View/TextWidth.swift",
            ],
            swiftSettings: instrumented),
        .target(
            name: "Bench",
            sources: ["HTTP/HeaderLines.swift", "HTTP/ScannedHead.swift", "HTTP/ResponseScanner.swift"],
            swiftSettings: instrumented),
        .executableTarget(
            name: "Fuzzer",
            dependencies: [
                "Clients", "Wire", "Tunnel", "Flags", "Store", "Settings", "Access", "Web", "Client", "Admin", "Bench",
                nioCore,
            ],
            path: "Tests/FuzzTests", exclude: ["Corpora", "ReplayTests.swift"], sources: ["Bodies", "Fuzzer"],
            swiftSettings: instrumented,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ]
}
