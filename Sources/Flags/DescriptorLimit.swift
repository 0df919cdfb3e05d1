import Glibc

/// How many descriptors the process, and those that it starts, may have.
public enum DescriptorLimit {
    /// The soft limit; `nil` when the system does not say.
    public static var current: Int? { limit.map { Int(clamping: $0.rlim_cur) } }

    /// Raises the soft limit to the hard one. Failing changes nothing.
    ///
    /// - Returns: How many there may be from now on; `nil` when the system does not say.
    @discardableResult public static func raise() -> Int? {
        if var raised = limit, raised.rlim_cur < raised.rlim_max {
            raised.rlim_cur = raised.rlim_max
            setrlimit(descriptors, &raised)
        }
        return current
    }

    private static var limit: rlimit? {
        var limit = rlimit()
        return getrlimit(descriptors, &limit) == 0 ? limit : nil
    }

    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
}
