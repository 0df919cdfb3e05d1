extension MetricRegistry {
    #if compiler(>=6.4)
        private static let compiler = "6.4 or newer"
    #elseif compiler(>=6.3)
        private static let compiler = "6.3"
    #else
        private static let compiler = "6.2"
    #endif

    /// Registers `<prefix>_build_info`, always 1, whose labels say what is running.
    ///
    /// - Parameters:
    ///   - prefix: the program's own metric prefix, such as `pushprox_client`.
    ///   - version: as `--version` gives it.
    public func registerBuildInfo(prefix: String, version: String) {
        gauge(
            "\(prefix)_build_info",
            "A metric with a constant '1' value labeled by the version, compiler and architecture that \(prefix) was built with.",
            labels: ["version": version, "swiftversion": Self.compiler, "arch": Self.architecture]
        ).set(1)
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "other"
        #endif
    }
}
