/// How many log lines of each kind may be written: so many in a window of time, which begins with the first of them. What is
/// beyond that is counted, and reported in one line when the window has ended.
///
/// A pure value; times are nanoseconds on any clock.
public struct LineBudget<Kind: Hashable & Sendable>: Sendable {
    private struct Window {
        var began: UInt64
        var admitted = 0
        var suppressed = 0
    }

    private let lines: Int
    private let length: UInt64
    private var windows: [Kind: Window] = [:]

    /// - Parameters:
    ///   - lines: Of one kind, in one window.
    ///   - length: Of a window, in nanoseconds.
    public init(lines: Int, window length: UInt64) {
        self.lines = lines
        self.length = length
    }

    /// Whether a line may be written.
    public mutating func admits(_ kind: Kind, at now: UInt64) -> Bool {
        var window = windows[kind] ?? Window(began: now)
        // What an ended window left out still has to be reported.
        if hasEnded(window, now) { window = Window(began: now, suppressed: window.suppressed) }
        let isAdmitted = window.admitted < lines
        if isAdmitted { window.admitted += 1 } else { window.suppressed += 1 }
        windows[kind] = window
        return isAdmitted
    }

    /// Forgets the windows that are over.
    ///
    /// - Returns: How many lines of a kind were left out since the last report, if any.
    public mutating func windowsEnded(at now: UInt64) -> [(kind: Kind, suppressed: Int)] {
        let ended = windows.filter { hasEnded($0.value, now) }
        for kind in ended.keys { windows[kind] = nil }
        return ended.filter { $0.value.suppressed > 0 }.map { ($0.key, $0.value.suppressed) }
    }

    private func hasEnded(_ window: Window, _ now: UInt64) -> Bool {
        // Threads read the clock before they take turns.
        now > window.began && now - window.began >= length
    }
}
