import Glibc
import UnixSignals

/// SIGHUP, caught from the moment this is made; what comes before somebody looks is kept.
public struct Hangups: Sendable {
    let signals: UnixSignalsSequence

    /// To be made before the first configuration is read.
    public init() async { signals = await UnixSignalsSequence(trapping: .sighup) }

    /// From here on SIGHUP does not end the program. To be called first of all in `main`: one that comes before this is made has nothing to
    /// say, since what it asks for is still to be read.
    public static func ignore() { signal(SIGHUP, SIG_IGN) }
}
