import Logging
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The first signal lets running scrapes finish; whoever sends another does not want to wait for them.
enum SecondSignal {
    static func exitAtOnce(logger: Logger) -> Task<Void, Never> {
        Task {
            var hasOne = false
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                if hasOne {
                    logger.warning("second signal, exiting at once", metadata: ["signal": "\(signal)"])
                    exit(1)
                }
                hasOne = true
            }
        }
    }
}
