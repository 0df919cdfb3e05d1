/// What a cell means. The palette decides how that looks on the terminal at hand, and no meaning rests on colour alone.
enum Role: UInt8, CaseIterable, Sendable {
    /// Ordinary text.
    case plain
    /// What may be overlooked: units, old things, separators.
    case faint
    /// The name of the thing looked at.
    case title
    /// Column heads.
    case heading
    /// The column head that sorts.
    case sorted
    /// Healthy.
    case good
    /// At work now.
    case busy
    /// Odd, or soon bad.
    case warning
    /// Failed.
    case bad
    /// The banner that nobody may miss.
    case banner
    /// A key's name in the footer and the help.
    case key
    /// Footer and tabs.
    case chrome
    /// The tab that is open.
    case tab
    /// What is being typed.
    case input
    /// A drawing of numbers over time.
    case graph
}
