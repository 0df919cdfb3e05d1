import Logging
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The first signal begins an orderly shutdown; an operator who sends another does not want to wait.
enum SecondSignal {
    static func exitAtOnce(logger: Logger) -> Task<Void, Never> {
        Task {
            var count = 0
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                count += 1
                if count > 1 {
                    logger.warning("second signal, exiting at once", metadata: ["signal": "\(signal)"])
                    exit(1)
                }
            }
        }
    }
}
