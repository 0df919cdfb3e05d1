@testable import Flags

extension FuzzBody {
    /// Durations and addresses of flags.
    static let flags = FuzzBody(name: "flags") { bytes in
        let text = FuzzInput(bytes).text
        if let duration = GoDuration(text) {
            try require(duration.nanoseconds >= 0, "\(duration.nanoseconds) ns")
            try require(GoDuration(duration.description) == duration, "\(text) is shown as \(duration)")
        }
        if let address = ListenAddress(text) {
            try require((0...65_535).contains(address.port), "port \(address.port)")
            try require(!address.host.contains { $0.isWhitespace || $0 == "/" }, "a host of \(address.host)")
            try require(ListenAddress(address.description) == address, "\(text) is shown as \(address)")
        }
    }
}
