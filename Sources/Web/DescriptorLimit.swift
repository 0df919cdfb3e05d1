#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many descriptors the process may have.
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one. Failing changes nothing.
    ///
    /// - Returns: How many there may be from now on; `nil` when nobody knows.
    @discardableResult public static func raise() -> Int? {
        var limit = rlimit()
        guard getrlimit(descriptors, &limit) == 0 else { return nil }
        let before = limit.rlim_cur
        if before < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            if setrlimit(descriptors, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections can be served within a limit, so that further ones are refused with a word before descriptors run out
    /// without one. At least 1.
    ///
    /// - Parameter threads: Event loops, each of which needs descriptors of its own.
    public static func connections(within limit: Int, threads: Int) -> Int {
        // Standard streams, listener, the record's files, signals; selector, wake-up and timer of each loop, and a connection that
        // is being refused there.
        max(limit - 24 - 4 * threads, 1)
    }

    #if canImport(Glibc)
        private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let descriptors = RLIMIT_NOFILE
    #endif
}
