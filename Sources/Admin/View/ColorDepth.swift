/// How many colours the terminal shows.
enum ColorDepth: Equatable, Sendable {
    /// Monochrome, or `NO_COLOR` is set.
    case none
    /// The eight colours that every colour terminal has, bright ones through bold.
    case basic
    /// 256 colours or more.
    case rich

    /// - Parameters:
    ///   - colors: What terminfo says; 0 or less for a monochrome terminal.
    ///   - noColor: The value of `NO_COLOR`; any that is not empty turns colour off, after no-color.org.
    init(colors: Int, noColor: String?) {
        if let noColor, !noColor.isEmpty {
            self = .none
        } else if colors >= 256 {
            self = .rich
        } else if colors >= 8 {
            self = .basic
        } else {
            self = .none
        }
    }
}
