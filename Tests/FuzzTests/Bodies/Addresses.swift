@testable import Client

extension FuzzBody {
    /// Proxy URLs of flags and the environment, addresses of targets, `NO_PROXY`, and the query that makes a scrape https: a line each for URL, rules and host.
    static let addresses = FuzzBody(name: "addresses") { bytes in
        let lines = FuzzInput(bytes).text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        let text = String(lines[0])
        if let url = try? HTTPURL(text) { try check(url) }
        if let address = TargetAddress(text) { try check(address) }
        let rules = lines.count > 1 ? String(lines[1]) : ""
        let host = lines.count > 2 ? String(lines[2]) : "web-1"
        let noProxy = NoProxyRules(rules)
        for exempt in ["localhost", "LOCALHOST.", "127.9.9.9", "::1"] {
            try require(noProxy.cover(host: exempt, port: 80), "\(exempt) goes through a proxy")
        }
        let isCovered = noProxy.cover(host: host, port: 9_100)
        try require(
            !isCovered || NoProxyRules(rules + ",x").cover(host: host, port: 9_100), "a rule takes another away")
        try require(NoProxyRules(rules + ",*").cover(host: host, port: 9_100), "* does not cover \(host)")
        if let environment = try? ProxyEnvironment(["http_proxy": text, "NO_PROXY": rules]) {
            let forwarder = environment.forwarder(isHTTPS: false, host: host, port: 9_100)
            try require(!isCovered || forwarder == nil, "\(host) goes through a proxy")
            try require(
                environment.forwarder(isHTTPS: true, host: host, port: 443) == nil, "https goes through http_proxy")
            if let forwarder {
                try require((1...65_535).contains(forwarder.port) && !forwarder.host.isEmpty, "\(forwarder)")
            }
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return }
        let target = TargetPolicy.withoutScheme(text)
        try require(target.asksHTTPS || target.pathAndQuery == text, "\(text) became \(target.pathAndQuery)")
        try require(!TargetPolicy.withoutScheme(target.pathAndQuery).asksHTTPS, "\(target.pathAndQuery) asks still")
    }

    private static func check(_ address: TargetAddress) throws {
        try require((1...65_535).contains(address.port) && !address.host.isEmpty, "\(address)")
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let text = "\(address.isHTTPS ? "https://" : "")\(host):\(address.port)"
        try require(TargetAddress(text) == address, "\(text) is not read again")
    }

    private static func check(_ url: HTTPURL) throws {
        try require((1...65_535).contains(url.port) && !url.host.isEmpty, "\(url.host) port \(url.port)")
        try require(url.path.isEmpty || url.path.hasPrefix("/") && !url.path.hasSuffix("/"), "a path of \(url.path)")
        try require(!url.authority.contains("@"), "user information in \(url.authority)")
        guard let shown = try? HTTPURL(url.withoutCredentials) else {
            throw Violation(description: "\(url.withoutCredentials) is not read again")
        }
        try require(
            shown.user == nil && shown.host == url.host && shown.port == url.port && shown.path == url.path,
            "shown as \(url.withoutCredentials)")
    }
}
